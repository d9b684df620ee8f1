//! In which ways a program is run.

use std::fmt;
use std::str::FromStr;

use tri_kernels::CpuLevel;
use tri_passes::OptLevel;

/// One way to compile, and the numbers of threads to run that on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    /// -O level.
    pub level: OptLevel,
    /// CPU level.
    pub cpu: CpuLevel,
    /// Numbers of threads, each a session of its own.
    pub threads: Vec<usize>,
}

/// What is asked of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The turn that it is, if it is one.
    turn: Option<u64>,
    /// Ways to run it natively.
    pub ways: Vec<Way>,
    /// The level at which artifacts are made without cache, and through it; none for no artifacts.
    pub artifact: Option<OptLevel>,
}

const LEVELS: [OptLevel; 4] = [OptLevel::O0, OptLevel::O1, OptLevel::O2, OptLevel::O3];

/// CPU levels that this machine has.
fn machine() -> Vec<CpuLevel> {
    CpuLevel::ALL.into_iter().filter(|level| level.is_supported()).collect()
}

impl Plan {
    /// Every -O level on every CPU level with one thread, two and three.
    pub fn everything() -> Plan {
        let way = |level| {
            machine()
                .into_iter()
                .map(move |cpu| Way { level, cpu, threads: vec![1, 2, 3] })
                .collect::<Vec<_>>()
        };
        Plan { turn: None, ways: LEVELS.into_iter().flat_map(way).collect(), artifact: Some(OptLevel::O2) }
    }

    /// A part of [`Plan::everything`] for one of many programs: each -O level once, on CPU levels and threads that take turns; artifacts
    /// of one program in four.
    pub fn turn(number: u64) -> Plan {
        let cpus = machine();
        let turn = |at: usize, of: usize| (number as usize + at) % of;
        let way = |(at, level)| {
            let threads = [vec![1, 2], vec![3], vec![1, 3]][turn(at, 3)].clone();
            Way { level, cpu: cpus[turn(at / 2, cpus.len())], threads }
        };
        let artifact = number.is_multiple_of(4).then(|| LEVELS[(number / 4) as usize % 4]);
        Plan { turn: Some(number), ways: LEVELS.into_iter().enumerate().map(way).collect(), artifact }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.turn {
            None => f.write_str("everything"),
            Some(number) => write!(f, "turn:{number}"),
        }
    }
}

impl FromStr for Plan {
    type Err = String;

    fn from_str(text: &str) -> Result<Plan, String> {
        let turn = text.strip_prefix("turn:").and_then(|number| number.parse().ok());
        match (text, turn) {
            ("everything", _) => Ok(Plan::everything()),
            (_, Some(number)) => Ok(Plan::turn(number)),
            _ => Err(format!("`{text}` is no plan: `everything`, or `turn:` and a number")),
        }
    }
}

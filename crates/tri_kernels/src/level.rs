//! CPU levels: which instructions kernels may use, as this machine and the user allow.

use std::sync::OnceLock;

/// A set of instructions. Levels are ordered: a machine that has one has those below.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CpuLevel {
    /// What every CPU of the architecture has.
    Portable,
    /// x86-64-v3: AVX2, FMA, BMI.
    Avx2,
    /// x86-64-v4 and VNNI: AVX-512 F, BW, CD, DQ, VL and byte dot products.
    Avx512Vnni,
}

impl CpuLevel {
    /// All levels, lowest first.
    pub const ALL: [CpuLevel; 3] = [CpuLevel::Portable, CpuLevel::Avx2, CpuLevel::Avx512Vnni];

    /// The variable whose value, a level's [`name`](CpuLevel::name), caps [`detect`](CpuLevel::detect).
    pub const CAP_VARIABLE: &'static str = "TRI_CPU_LEVEL";

    /// `portable`, `avx2` or `avx512vnni`.
    pub fn name(self) -> &'static str {
        match self {
            CpuLevel::Portable => "portable",
            CpuLevel::Avx2 => "avx2",
            CpuLevel::Avx512Vnni => "avx512vnni",
        }
    }

    /// The level with this name.
    pub fn from_name(name: &str) -> Option<CpuLevel> {
        CpuLevel::ALL.into_iter().find(|level| level.name() == name)
    }

    /// Whether this machine has every instruction of the level.
    pub fn is_supported(self) -> bool {
        self <= CpuLevel::of_machine()
    }

    /// The highest level of this machine, whatever the variable says.
    pub fn of_machine() -> CpuLevel {
        static LEVEL: OnceLock<CpuLevel> = OnceLock::new();
        *LEVEL.get_or_init(measure)
    }

    /// The highest level of this machine that [`CAP_VARIABLE`](CpuLevel::CAP_VARIABLE) allows.
    ///
    /// # Errors
    /// The variable's value, if it names no level.
    pub fn detect() -> Result<CpuLevel, String> {
        let Some(value) = std::env::var_os(CpuLevel::CAP_VARIABLE) else { return Ok(CpuLevel::of_machine()) };
        let value = value.to_string_lossy();
        match CpuLevel::from_name(&value) {
            Some(cap) => Ok(cap.min(CpuLevel::of_machine())),
            None => Err(value.into_owned()),
        }
    }
}

#[cfg(target_arch = "x86_64")]
fn measure() -> CpuLevel {
    macro_rules! has {
        ($($feature:tt),+) => { $(std::arch::is_x86_feature_detected!($feature))&&+ };
    }
    if !has!("sse4.1", "avx", "avx2", "fma", "bmi1", "bmi2", "f16c", "lzcnt", "popcnt", "movbe") {
        return CpuLevel::Portable;
    }
    if has!("avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl", "avx512vnni") {
        CpuLevel::Avx512Vnni
    } else {
        CpuLevel::Avx2
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn measure() -> CpuLevel {
    CpuLevel::Portable
}

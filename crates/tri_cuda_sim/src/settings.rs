//! What machine the driver pretends to be on, from the environment of the process.

/// A machine with GPUs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How many GPUs.
    pub devices: u32,
    /// Compute capability of each, ten times: 90 for 9.0.
    pub capability: u32,
    /// Bytes of memory of all.
    pub memory: u64,
    /// Version of CUDA that the driver is for, as `cuDriverGetVersion` gives it: 12040 for 12.4.
    pub version: u32,
    /// Which launch is refused, in the order of the program, counted from 1; 0 for none.
    pub refused_launch: u32,
    /// Which launch meets an address that there is not, in the order in which they run, counted from 1; 0 for none.
    pub illegal_launch: u32,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            devices: 1,
            capability: 90,
            memory: 1 << 30,
            version: 12040,
            refused_launch: 0,
            illegal_launch: 0,
        }
    }
}

impl Settings {
    /// Variables that say what differs from the default.
    const VARIABLES: [&str; 6] = [
        "TRI_CUDA_SIM_DEVICES",
        "TRI_CUDA_SIM_CAPABILITY",
        "TRI_CUDA_SIM_MEMORY",
        "TRI_CUDA_SIM_VERSION",
        "TRI_CUDA_SIM_REFUSED_LAUNCH",
        "TRI_CUDA_SIM_ILLEGAL_LAUNCH",
    ];

    /// The settings as variables of the environment of a process to start.
    pub fn variables(&self) -> [(&'static str, String); 6] {
        let [devices, capability, version, refused, illegal] =
            [self.devices, self.capability, self.version, self.refused_launch, self.illegal_launch]
                .map(u64::from);
        let values = [devices, capability, self.memory, version, refused, illegal];
        let mut values = values.into_iter().map(|value| value.to_string());
        Settings::VARIABLES.map(|name| (name, values.next().unwrap_or_default()))
    }

    /// The settings that the environment of this process says; what it says nothing about is as usual.
    pub fn from_environment() -> Settings {
        let usual = Settings::default();
        let number = |at: usize| std::env::var(Settings::VARIABLES[at]).ok()?.parse::<u64>().ok();
        let small = |at: usize, usual: u32| number(at).and_then(|it| u32::try_from(it).ok()).unwrap_or(usual);
        Settings {
            devices: small(0, usual.devices),
            capability: small(1, usual.capability),
            memory: number(2).unwrap_or(usual.memory),
            version: small(3, usual.version),
            refused_launch: small(4, usual.refused_launch),
            illegal_launch: small(5, usual.illegal_launch),
        }
    }
}

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
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { devices: 1, capability: 90, memory: 1 << 30, version: 12040 }
    }
}

impl Settings {
    /// Variables that say what differs from the default.
    const VARIABLES: [&str; 4] =
        ["TRI_CUDA_SIM_DEVICES", "TRI_CUDA_SIM_CAPABILITY", "TRI_CUDA_SIM_MEMORY", "TRI_CUDA_SIM_VERSION"];

    /// The settings as variables of the environment of a process to start.
    pub fn variables(&self) -> [(&'static str, String); 4] {
        let values = [self.devices.into(), self.capability.into(), self.memory, self.version.into()];
        let mut values = values.into_iter().map(|value: u64| value.to_string());
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
        }
    }
}

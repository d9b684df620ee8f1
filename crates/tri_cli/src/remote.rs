//! The remote cache that is chosen for a program, opened; nothing is sent before something is looked for.

use std::path::Path;

use tri_cache::Remote;

use crate::configuration::{self, RemoteChoice};
use crate::failure::Failure;
#[cfg(not(feature = "remote"))]
use crate::output;

/// The remote cache for a program, if one is chosen.
///
/// # Errors
/// What is chosen cannot be followed.
pub(crate) fn of_program(program: &Path) -> Result<Option<Remote>, Failure> {
    let folder = program.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match configuration::remote_of(folder)? {
        None => Ok(None),
        Some(choice) => open(&choice),
    }
}

/// The remote cache that is chosen.
///
/// # Errors
/// Its address cannot be followed.
#[cfg(feature = "remote")]
pub(crate) fn open(choice: &RemoteChoice) -> Result<Option<Remote>, Failure> {
    use tri_remote::{Address, Credentials, Server};

    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let credentials = Credentials {
        user: variable("TRI_REMOTE_CACHE_USER"),
        password: variable("TRI_REMOTE_CACHE_PASSWORD"),
        token: variable("TRI_REMOTE_CACHE_TOKEN"),
    };
    let address = Address::parse(&choice.address);
    let server = address.and_then(|address| Server::new(&address, &credentials, choice.time));
    let server = server.map_err(|error| Failure::coded("E5004", format!("{}: {error}", choice.place)))?;
    Ok(Some(Remote::new(Box::new(server), choice.address.clone(), choice.mode)))
}

/// None: this build knows no servers.
#[cfg(not(feature = "remote"))]
#[expect(clippy::unnecessary_wraps, reason = "the same signature as with servers")]
pub(crate) fn open(choice: &RemoteChoice) -> Result<Option<Remote>, Failure> {
    output::note(format_args!(
        "note: the remote cache {} is left out, because this triton was built without the feature `remote`",
        choice.address
    ));
    Ok(None)
}

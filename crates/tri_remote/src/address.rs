//! Addresses of remote caches: URLs, each scheme with the service that it stands for.

use std::fmt;

use opendal::{Operator, services};
use tri_names::nearest;
use url::Url;

/// What addresses look like.
const FORMS: &str = "redis://HOST[:PORT][/DATABASE], rediss://…, s3://BUCKET[/FOLDER][?region=…&endpoint=…], gs://BUCKET[/FOLDER][?endpoint=…], \
                     http://HOST/FOLDER or https://… (WebDAV), file:///FOLDER";

/// Schemes with the options that may follow `?`.
const SCHEMES: [(&str, &[&str]); 7] = [
    ("redis", &[]),
    ("rediss", &[]),
    ("s3", &["region", "endpoint"]),
    ("gs", &["endpoint"]),
    ("http", &[]),
    ("https", &[]),
    ("file", &[]),
];

/// The address of a remote cache. It holds no credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address(Url);

/// What a server is told of who asks. Those of S3 and Google Cloud Storage are found where their own tools look: in `AWS_ACCESS_KEY_ID` and
/// the like, and in the file that `GOOGLE_APPLICATION_CREDENTIALS` names.
#[derive(Clone, Default)]
pub struct Credentials {
    /// For Redis and WebDAV.
    pub user: Option<String>,
    /// For Redis and WebDAV.
    pub password: Option<String>,
    /// For WebDAV, in place of user and password.
    pub token: Option<String>,
}

/// Says nothing of what they are.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").finish_non_exhaustive()
    }
}

/// Why a text is no address of a remote cache.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It is no URL.
    #[error("`{text}` is no address: {reason}; expected one of {FORMS}")]
    Url {
        /// The text.
        text: String,
        /// Why.
        reason: String,
    },
    /// Another scheme.
    #[error("`{found}:` is no kind of remote cache{}; expected one of {FORMS}", meant(near.as_deref()))]
    Scheme {
        /// The scheme.
        found: String,
        /// One that was probably meant.
        near: Option<String>,
    },
    /// An option that the scheme has not.
    #[error("an address that begins with `{scheme}:` has no option `{found}`{}", meant(near.as_deref()))]
    Option {
        /// The scheme.
        scheme: String,
        /// The option.
        found: String,
        /// One that was probably meant.
        near: Option<String>,
    },
    /// Credentials in the address, which is printed and committed.
    #[error("the address of a remote cache holds a user or password; credentials are taken from {of} only")]
    Credentials {
        /// The variables of the environment that they belong in.
        of: &'static str,
    },
    /// Something that the scheme needs is missing or malformed.
    #[error("`{address}` is no address of a remote cache: {reason}")]
    Incomplete {
        /// The address.
        address: String,
        /// Why.
        reason: String,
    },
}

fn meant(near: Option<&str>) -> String {
    near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"))
}

/// As it was written.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Address {
    /// Reads an address.
    ///
    /// # Errors
    /// It is none, or holds credentials.
    pub fn parse(text: &str) -> Result<Address, AddressError> {
        let url = Url::parse(text)
            .map_err(|error| AddressError::Url { text: text.to_owned(), reason: error.to_string() })?;
        let Some((scheme, options)) = SCHEMES.iter().find(|(scheme, _)| *scheme == url.scheme()) else {
            let near = nearest(url.scheme(), SCHEMES.iter().map(|(scheme, _)| *scheme)).map(str::to_owned);
            return Err(AddressError::Scheme { found: url.scheme().to_owned(), near });
        };
        if !url.username().is_empty() || url.password().is_some() {
            let of = match *scheme {
                "s3" => "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
                "gs" => "GOOGLE_APPLICATION_CREDENTIALS",
                _ => "TRI_REMOTE_CACHE_USER and TRI_REMOTE_CACHE_PASSWORD",
            };
            return Err(AddressError::Credentials { of });
        }
        if let Some((found, _)) = url.query_pairs().find(|(name, _)| !options.contains(&&**name)) {
            return Err(AddressError::Option {
                scheme: (*scheme).to_owned(),
                found: found.to_string(),
                near: nearest(&found, options.iter().copied()).map(str::to_owned),
            });
        }
        Ok(Address(url))
    }

    /// The service at the address. Nothing is sent yet.
    ///
    /// # Errors
    /// A part of the address is missing or malformed.
    pub(crate) fn operator(&self, credentials: &Credentials) -> Result<Operator, AddressError> {
        let operator = match self.0.scheme() {
            "redis" | "rediss" => Operator::new(self.redis(credentials)?),
            "s3" => Operator::new(self.s3()?),
            "gs" => Operator::new(self.google()?),
            "file" => Operator::new(self.folder()?),
            _ => Operator::new(self.webdav(credentials)?),
        };
        operator.map_err(|error| self.incomplete(error.to_string()))
    }

    fn redis(&self, credentials: &Credentials) -> Result<services::Redis, AddressError> {
        let host = self.host("a server")?;
        let port = self.0.port().unwrap_or(6379);
        let database = match self.0.path().trim_matches('/') {
            "" => 0,
            number => number
                .parse()
                .map_err(|_| self.incomplete(format!("`{number}` is not the number of a database")))?,
        };
        let redis = services::Redis::default()
            .endpoint(&format!("{}://{host}:{port}", self.0.scheme()))
            .db(database)
            .root("/triton");
        Ok(redis
            .username(credentials.user.as_deref().unwrap_or_default())
            .password(credentials.password.as_deref().unwrap_or_default()))
    }

    fn s3(&self) -> Result<services::S3, AddressError> {
        let bucket = services::S3::default().bucket(self.host("a bucket")?).root(self.path()?);
        Ok(bucket
            .region(&self.option("region").unwrap_or_default())
            .endpoint(&self.option("endpoint").unwrap_or_default()))
    }

    fn google(&self) -> Result<services::Gcs, AddressError> {
        let bucket = services::Gcs::default().bucket(self.host("a bucket")?).root(self.path()?);
        Ok(bucket.endpoint(&self.option("endpoint").unwrap_or_default()))
    }

    fn webdav(&self, credentials: &Credentials) -> Result<services::Webdav, AddressError> {
        // Folders are made below the end point alone, so the path is no part of it.
        let endpoint = self.0.origin().ascii_serialization();
        Ok(services::Webdav::default()
            .endpoint(&endpoint)
            .root(self.path()?)
            .username(credentials.user.as_deref().unwrap_or_default())
            .password(credentials.password.as_deref().unwrap_or_default())
            .token(credentials.token.as_deref().unwrap_or_default()))
    }

    /// The folder on the server, which is sent percent-encoded.
    fn path(&self) -> Result<&str, AddressError> {
        match self.0.path() {
            path if path.contains('%') => {
                Err(self.incomplete("its folder has other characters than a URL may hold as they are"))
            }
            path => Ok(path),
        }
    }

    fn folder(&self) -> Result<services::Fs, AddressError> {
        let folder = self.0.to_file_path().map_err(|()| self.incomplete("a folder here has no host"))?;
        let folder = folder.to_str().ok_or_else(|| self.incomplete("the folder's name is not UTF-8"))?;
        // Objects appear whole: they are renamed from here.
        Ok(services::Fs::default().root(folder).atomic_write_dir(&format!("{folder}/unfinished")))
    }

    fn host(&self, what: &str) -> Result<&str, AddressError> {
        let host = self.0.host_str().filter(|host| !host.is_empty());
        host.ok_or_else(|| self.incomplete(format!("it names no {}", what.trim_start_matches("a "))))
    }

    fn option(&self, name: &str) -> Option<String> {
        self.0.query_pairs().find(|(option, _)| option == name).map(|(_, value)| value.into_owned())
    }

    fn incomplete(&self, reason: impl Into<String>) -> AddressError {
        AddressError::Incomplete { address: self.to_string(), reason: reason.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(text: &str) -> String {
        let operator = Address::parse(text).and_then(|address| address.operator(&Credentials::default()));
        operator.expect_err(text).to_string()
    }

    #[test]
    fn addresses_of_every_kind_are_known() {
        for text in [
            "redis://cache.example",
            "redis://cache.example:6380/2",
            "rediss://cache.example",
            "s3://bucket/triton?region=eu-central-1&endpoint=https://s3.example",
            "gs://bucket/triton",
            "http://cache.example/triton",
            "https://cache.example:8443/triton/",
        ] {
            let address = Address::parse(text).expect(text);
            assert!(address.operator(&Credentials::default()).is_ok(), "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_told() {
        assert!(refused("cache.example").contains("expected one of redis://HOST"));
        assert!(
            refused("reddis://cache.example")
                .contains("`reddis:` is no kind of remote cache; did you mean `redis`?")
        );
        assert!(refused("s3://bucket?regoin=x").ends_with("no option `regoin`; did you mean `region`?"));
        assert!(refused("redis://cache.example/second").contains("`second` is not the number of a database"));
        assert!(refused("s3:///folder").contains("names no bucket"));
        assert!(refused("https://cache.example/a%20b").contains("other characters"));
        assert!(refused("file://host/folder").contains("has no host"));
    }

    #[test]
    fn credentials_are_refused_and_not_repeated() {
        for text in ["redis://:secret@cache.example", "https://me:secret@cache.example", "s3://secret@bucket"]
        {
            let message = refused(text);
            assert!(
                message.contains("credentials are taken from") && !message.contains("secret"),
                "{message}"
            );
        }
        let credentials = Credentials { password: Some("secret".to_owned()), ..Credentials::default() };
        assert!(!format!("{credentials:?}").contains("secret"));
    }
}

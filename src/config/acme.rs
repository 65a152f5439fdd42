//! The settings of the certificate authority.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Deserializer};

use super::ConfigError;
use super::public::PublicOptions;

/// Let's Encrypt.
const LETS_ENCRYPT: &str = "https://acme-v02.api.letsencrypt.org/directory";

/// Seconds before the second try: an authority allows few failures in an hour.
const FIRST_RETRY: u64 = 120;

/// The domains to ask a certificate for, and the authority to ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcmeConfig {
    /// The domains of the certificate.
    pub domains: Vec<String>,
    /// E-mail address that the authority may write to.
    pub email: Option<String>,
    /// The address of its directory.
    pub directory: String,
    /// A file of roots to trust it by.
    pub roots: Option<PathBuf>,
    /// The customer that it knows already.
    pub binding: Option<ExternalBinding>,
    /// The wait after the first failure.
    pub retry: Duration,
}

/// An account that the authority knows from elsewhere (RFC 8555, 7.3.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExternalBinding {
    /// Its id.
    pub key_id: String,
    /// Its key.
    pub key: BindingKey,
}

/// A key that hides itself.
#[derive(Clone, PartialEq, Eq)]
pub struct BindingKey(pub Vec<u8>);

impl fmt::Debug for BindingKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("BindingKey(hidden)")
    }
}

impl FromStr for BindingKey {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bytes = URL_SAFE_NO_PAD.decode(text.trim_end_matches('='));
        bytes
            .map(Self)
            .map_err(|_| "acme-eab-key must be base64url, as the authority shows it")
    }
}

impl<'de> Deserialize<'de> for BindingKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A host name, in small letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Domain(String);

impl FromStr for Domain {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let name = text.trim_end_matches('.').to_ascii_lowercase();
        let is_label = |label: &str| {
            let letters = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
            (1..=63).contains(&label.len())
                && label.bytes().all(letters)
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        let is_name = name.len() <= 253
            && name.contains('.')
            && name.split('.').all(is_label)
            && name.parse::<std::net::IpAddr>().is_err();
        if is_name {
            return Ok(Self(name));
        }
        Err(format!(
            "\"{text}\" is no domain; write a name such as hooks.example.com, without https:// and path"
        ))
    }
}

impl<'de> Deserialize<'de> for Domain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl AcmeConfig {
    /// Puts flags and file together; nothing where no domain is named.
    pub(super) fn resolve(
        flags: &PublicOptions,
        file: &PublicOptions,
    ) -> Result<Option<Self>, ConfigError> {
        let domains = if flags.domain.is_empty() {
            &file.domain
        } else {
            &flags.domain
        };
        if domains.is_empty() {
            return Ok(None);
        }
        let directory = flags
            .acme_directory
            .clone()
            .or(file.acme_directory.clone())
            .unwrap_or_else(|| LETS_ENCRYPT.to_owned());
        if !directory.starts_with("https://") {
            return Err(ConfigError::Contradiction(
                "acme-directory must start with https://",
            ));
        }
        let retry = flags.acme_retry.or(file.acme_retry);
        Ok(Some(Self {
            domains: domains.iter().map(|domain| domain.0.clone()).collect(),
            email: flags.email.clone().or(file.email.clone()),
            directory,
            roots: flags.acme_ca.clone().or(file.acme_ca.clone()),
            binding: binding(flags, file)?,
            retry: Duration::from_secs(
                retry.map_or(FIRST_RETRY, |seconds| u64::from(seconds.get())),
            ),
        }))
    }
}

fn binding(
    flags: &PublicOptions,
    file: &PublicOptions,
) -> Result<Option<ExternalBinding>, ConfigError> {
    let key_id = flags.acme_eab_id.clone().or(file.acme_eab_id.clone());
    let key = flags.acme_eab_key.clone().or(file.acme_eab_key.clone());
    match (key_id, key) {
        (Some(key_id), Some(key)) => Ok(Some(ExternalBinding { key_id, key })),
        (None, None) => Ok(None),
        _ => Err(ConfigError::Contradiction(
            "acme-eab-id and acme-eab-key belong together: the authority gave both",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_is_a_name_and_nothing_else() {
        assert_eq!(
            "Hooks.Example.com.".parse(),
            Ok(Domain("hooks.example.com".to_owned()))
        );
        for wrong in [
            "https://a.example",
            "a.example/x",
            "localhost",
            "1.2.3.4",
            "*.example.com",
            "-a.example",
            "",
        ] {
            assert!(wrong.parse::<Domain>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_key_of_a_binding_hides_itself() {
        let key: BindingKey = "c2VjcmV0".parse().unwrap();
        assert_eq!(key.0, b"secret");
        assert_eq!(format!("{key:?}"), "BindingKey(hidden)");
    }
}

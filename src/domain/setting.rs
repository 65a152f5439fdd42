//! The settings that something of another service has: a format of forwards, a kind of channel.

use std::collections::BTreeMap;

/// Settings or secrets, by name.
pub type Settings = BTreeMap<String, String>;

/// A setting that there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    name: &'static str,
    is_secret: bool,
    is_needed: bool,
}

impl Setting {
    /// One that may be left out.
    #[must_use]
    pub const fn plain(name: &'static str) -> Self {
        Self {
            name,
            is_secret: false,
            is_needed: false,
        }
    }

    /// A secret that may be left out.
    #[must_use]
    pub const fn secret(name: &'static str) -> Self {
        Self {
            is_secret: true,
            ..Self::plain(name)
        }
    }

    /// The same one, which has to be there.
    #[must_use]
    pub const fn needed(self) -> Self {
        Self {
            is_needed: true,
            ..self
        }
    }
}

/// Reason that settings are rejected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnfitSetting {
    /// Unknown setting.
    #[error("{of} has no setting {name}; it has {known}")]
    Unknown {
        /// The format or the kind.
        of: String,
        /// The name.
        name: String,
        /// Those it has.
        known: String,
    },
    /// Missing setting.
    #[error("{of} needs {name}; give it a value")]
    Missing {
        /// The format or the kind.
        of: String,
        /// The name.
        name: &'static str,
    },
    /// Invalid value.
    #[error("{name} must {rule}")]
    Unusable {
        /// The name.
        name: String,
        /// The rule that it breaks.
        rule: &'static str,
    },
}

/// The settings that a format or a kind has.
#[derive(Debug, Clone, Copy)]
pub struct SettingTable {
    /// The settings by name.
    pub settings: &'static [Setting],
    /// Beginning of the secrets that the owner names, where there are such.
    pub own_secrets: Option<&'static str>,
}

impl SettingTable {
    /// True if a setting is a secret.
    #[must_use]
    pub fn is_secret(&self, name: &str) -> bool {
        let is_own = self
            .own_secrets
            .is_some_and(|beginning| name.starts_with(beginning));
        is_own || self.find(name).is_some_and(|setting| setting.is_secret)
    }

    /// True if there is a setting of this name.
    #[must_use]
    pub fn is_known(&self, name: &str) -> bool {
        self.find(name).is_some() || self.is_secret(name)
    }

    fn find(&self, name: &str) -> Option<&Setting> {
        self.settings.iter().find(|setting| setting.name == name)
    }

    /// Checks the settings and secrets of `of` together; `broken_rule` says what a value must
    /// do and does not.
    ///
    /// # Errors
    ///
    /// [`UnfitSetting`] for the first that is not right.
    pub fn check(
        &self,
        of: &str,
        given: &Settings,
        broken_rule: impl Fn(&str, &str) -> Option<&'static str>,
    ) -> Result<(), UnfitSetting> {
        for (name, value) in given {
            if !self.is_known(name) {
                return Err(UnfitSetting::Unknown {
                    of: of.to_owned(),
                    name: name.chars().take(40).collect(),
                    known: self.known(),
                });
            }
            if let Some(rule) = broken_rule(name, value) {
                return Err(UnfitSetting::Unusable {
                    name: name.clone(),
                    rule,
                });
            }
        }
        let mut needed = self.settings.iter().filter(|setting| setting.is_needed);
        match needed.find(|setting| !given.contains_key(setting.name)) {
            Some(setting) => Err(UnfitSetting::Missing {
                of: of.to_owned(),
                name: setting.name,
            }),
            None => Ok(()),
        }
    }

    fn known(&self) -> String {
        if let Some(beginning) = self.own_secrets {
            return format!("{beginning}NAME for each {{{{{beginning}NAME}}}} in it");
        }
        let names: Vec<&str> = self.settings.iter().map(|setting| setting.name).collect();
        if names.is_empty() {
            return "none".to_owned();
        }
        names.join(", ")
    }
}

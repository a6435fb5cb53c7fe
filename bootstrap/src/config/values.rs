//! Values of the file that are more than text: parsed, timed, secret.

use secrecy::SecretString;
use serde::Deserialize;
use serde::de::{self, Deserializer, Visitor};
use std::fmt;
use std::marker::PhantomData;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

/// A text that is read into something else on the spot, so that the error carries its line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Parsed<T>(pub T);

impl<'de, T> Deserialize<'de> for Parsed<T>
where
    T: FromStr,
    T::Err: fmt::Display,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text<T>(PhantomData<T>);
        impl<T> Visitor<'_> for Text<T>
        where
            T: FromStr,
            T::Err: fmt::Display,
        {
            type Value = Parsed<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text in quotes")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                text.parse().map(Parsed).map_err(|e| E::custom(format!("{text:?}: {e}")))
            }
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Self::Value, E> {
                self.visit_str(&number.to_string())
            }
        }
        deserializer.deserialize_any(Text(PhantomData))
    }
}

/// A length of time: `"500ms"`, `"30s"`, `"10m"`, `"48h"`, `"90d"`, or a number of seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period(pub Duration);

impl FromStr for Period {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        let s = s.trim();
        let unit_at = s.find(|c: char| !c.is_ascii_digit()).unwrap_or(s.len());
        let (number, unit) = s.split_at(unit_at);
        let wrong = || "a length of time is a number with ms, s, m, h or d: \"30s\", \"10m\"".to_owned();
        let number: u64 = number.parse().map_err(|_| wrong())?;
        let each = match unit.trim() {
            "ms" => return Ok(Self(Duration::from_millis(number))),
            "" | "s" => 1,
            "m" | "min" => 60,
            "h" => 3_600,
            "d" => 86_400,
            _ => return Err(wrong()),
        };
        let seconds = number.checked_mul(each).filter(|s| *s <= 100 * 366 * 86_400).ok_or_else(wrong)?;
        Ok(Self(Duration::from_secs(seconds)))
    }
}

impl<'de> Deserialize<'de> for Period {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Parsed::<Period>::deserialize(deserializer).map(|p| p.0)
    }
}

/// A secret: in the file itself, or where it is.
#[derive(Clone, Deserialize)]
#[serde(untagged, expecting = "a secret is a text, { file = \"path\" } or { env = \"NAME\" }")]
pub enum Secret {
    /// In the file.
    Here(SecretString),
    /// In another file (its last line end is cut off).
    File(InFile),
    /// In the environment.
    Env(InEnv),
}

/// See [`Secret::File`].
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InFile {
    /// The path.
    pub file: PathBuf,
}

/// See [`Secret::Env`].
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InEnv {
    /// The variable's name.
    pub env: String,
}

impl Secret {
    /// The secret itself, from this process's environment or a file where it is kept there.
    ///
    /// # Errors
    /// What is missing.
    pub fn resolve(&self) -> Result<SecretString, String> {
        match self {
            Self::Here(secret) => Ok(secret.clone()),
            Self::File(InFile { file }) => match std::fs::read_to_string(file) {
                Ok(text) => Ok(SecretString::from(text.trim_end_matches(['\r', '\n']))),
                Err(error) => Err(format!("the file {} cannot be read: {error}", file.display())),
            },
            Self::Env(InEnv { env }) => std::env::var(env)
                .map(SecretString::from)
                .map_err(|_| format!("the environment variable {env} is not set")),
        }
    }

    /// As [`Secret::resolve`], with given variables in place of the environment; says only what is missing.
    pub(super) fn check(&self, variables: &[(String, String)]) -> Result<(), String> {
        match self {
            Self::Env(InEnv { env }) if variables.iter().any(|(name, _)| name == env) => Ok(()),
            Self::Env(InEnv { env }) => Err(format!("the environment variable {env} is not set")),
            other => other.resolve().map(|_| ()),
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

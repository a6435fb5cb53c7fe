//! Wiring: from what the configuration says to adapters behind ports.

mod deliver;
mod doors;
mod links;
mod notices;
mod stores;

pub use deliver::{http, mail, relay};
pub use doors::{http_router, server_tls, smtp_again, smtp_door, soap_router, telnet_again, telnet_door};
pub use links::LinkSetup;
pub use notices::of_alarms;
pub use stores::{database_url, open_stores, read_stores, serves_alone};

use crate::clock::SystemClock;
use crate::config::Loaded;
use crate::ids::{NodeIds, own_number};
use anyhow::{Context as _, anyhow, bail};
use domain::directory::{Directory, User};
use http_door::operator::OperatorDoor;
use ports::driven::{Clock, Cluster, Ids, Passwords};
use secrecy::SecretString;
use std::path::Path;
use std::sync::Arc;

/// The parts of the machine every command may use.
#[derive(Clone)]
pub struct Machine {
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Names and chance.
    pub ids: Arc<dyn Ids>,
    /// Passwords.
    pub passwords: Arc<dyn Passwords>,
    /// Modems that make calls.
    pub lines: Arc<::modem::call::Lines>,
    /// Where HTTP operators call us.
    pub operators: OperatorDoor,
}

impl Machine {
    /// The machine, with ids for what is not stored.
    #[must_use]
    pub fn of() -> Self {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
        let ids: Arc<dyn Ids> = Arc::new(NodeIds::new(0, Arc::clone(&clock)));
        let passwords = Arc::new(credentials::Argon2Passwords::new(Arc::clone(&ids)));
        Self { clock, ids, passwords, lines: Arc::default(), operators: OperatorDoor::default() }
    }

    /// The machine as the node with this name sees it: its ids are nobody else's in this store.
    ///
    /// # Errors
    /// The store gives it no number.
    pub async fn numbered(self, node: &str, cluster: &dyn Cluster) -> anyhow::Result<Self> {
        let number = own_number(cluster, node).await.context("the store gives this node no number")?;
        Ok(Self { ids: Arc::new(NodeIds::new(number, Arc::clone(&self.clock))), ..self })
    }

    /// The machine as a command beside that node sees it: not the node's own number, for it makes ids at the same time, but one that all commands share.
    ///
    /// # Errors
    /// The store gives it no number.
    pub async fn beside(self, node: &str, cluster: &dyn Cluster) -> anyhow::Result<Self> {
        let name = format!("{node}/command");
        let number = own_number(cluster, &name).await.context("the store gives this command no number")?;
        Ok(Self { ids: Arc::new(NodeIds::shared(number, Arc::clone(&self.clock))), ..self })
    }
}

/// The users of the file with their passwords hashed. A password that is still that of the directory in force keeps the hash it has there: with
/// another one, whoever is logged in would be taken for somebody with a new password.
///
/// # Errors
/// A secret that is missing.
pub async fn users(
    loaded: &Loaded,
    current: &Directory,
    passwords: &dyn Passwords,
) -> anyhow::Result<Vec<User>> {
    let country = loaded.config.defaults.country();
    let mut users = Vec::with_capacity(loaded.config.user.len());
    for section in &loaded.config.user {
        let Some(mut user) = section.to_domain(country) else { continue };
        if let Some(secret) = &section.password {
            let password =
                secret.get_ref().resolve().map_err(|e| anyhow!("user.{}.password: {e}", user.name))?;
            let before = current.user(user.name.as_str()).and_then(|user| user.password.clone());
            user.password = Some(match before {
                Some(hash) if passwords.verify(&password, Some(&hash)).await => hash,
                _ => passwords.hash(&password).await,
            });
        }
        users.push(user);
    }
    Ok(users)
}

/// A secret of this installation, made once and kept in the data directory, readable by its owner only.
///
/// # Errors
/// When it can be neither read nor made.
pub fn own_secret(data_dir: &Path, name: &str, ids: &dyn Ids) -> anyhow::Result<SecretString> {
    let path = data_dir.join(name);
    match std::fs::read_to_string(&path) {
        Ok(text) if text.trim().len() >= 32 => return Ok(SecretString::from(text.trim())),
        Ok(_) => bail!("{} is too short to be a secret; remove it to have a new one made", path.display()),
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(error).with_context(|| path.display().to_string());
        }
        Err(_) => {}
    }
    let mut chance = [0_u8; 32];
    ids.fill(&mut chance);
    let text: String = chance.iter().map(|b| format!("{b:02x}")).collect();
    crate::platform::write_private(&path, text.as_bytes())
        .with_context(|| format!("{} cannot be made", path.display()))?;
    Ok(SecretString::from(text))
}

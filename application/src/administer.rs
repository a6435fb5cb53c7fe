//! Looking after users.

use crate::directory::CurrentDirectory;
use async_trait::async_trait;
use domain::directory::{KeyHash, User};
use domain::refusal::{Code, Refusal};
use domain::words;
use ports::driven::{DirectoryStore, Ids, Passwords};
use ports::driving::Administer;
use secrecy::SecretString;
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// The use case.
#[derive(Clone)]
pub(crate) struct Administration {
    pub directory: Arc<CurrentDirectory>,
    pub store: Arc<dyn DirectoryStore>,
    pub passwords: Arc<dyn Passwords>,
    pub ids: Arc<dyn Ids>,
}

impl Administration {
    async fn refresh(&self) -> Result<(), Refusal> {
        self.directory.set_stored_users(self.store.users().await?);
        Ok(())
    }

    fn not_of_file(&self, name: &str) -> Result<(), Refusal> {
        if self.directory.is_of_file(name) {
            let detail = words!(
                "{name} står i konfigurationsfilen; ändra där",
                "{name} stands in the configuration file; change it there"
            );
            return Err(Refusal::field(Code::NotPermitted, "name", detail));
        }
        Ok(())
    }
}

#[async_trait]
impl Administer for Administration {
    async fn users(&self) -> Result<Vec<User>, Refusal> {
        self.refresh().await?;
        let mut users: Vec<User> = self.directory.current().users.values().map(|u| User::clone(u)).collect();
        users.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(users)
    }

    async fn put_user(&self, mut user: User, password: Option<SecretString>) -> Result<(), Refusal> {
        self.not_of_file(user.name.as_str())?;
        let old = self.store.users().await?.into_iter().find(|u| u.name == user.name);
        match password {
            Some(password) => user.password = Some(self.passwords.hash(&password).await),
            None => user.password = user.password.or(old.and_then(|u| u.password)),
        }
        self.store.put_user(&user).await?;
        self.refresh().await
    }

    async fn remove_user(&self, name: &str) -> Result<(), Refusal> {
        self.not_of_file(name)?;
        if !self.store.remove_user(name).await? {
            return Err(Refusal::field(Code::NotFound, "name", name.to_owned()));
        }
        self.refresh().await
    }

    async fn new_key(&self, name: &str) -> Result<SecretString, Refusal> {
        self.not_of_file(name)?;
        let user = self.store.users().await?.into_iter().find(|u| u.name.as_str() == name);
        let mut user = user.ok_or_else(|| Refusal::field(Code::NotFound, "name", name.to_owned()))?;
        let mut chance = [0_u8; 24];
        self.ids.fill(&mut chance);
        let key = chance.iter().fold(String::from("ok_"), |text, octet| format!("{text}{octet:02x}"));
        user.keys.push(KeyHash(Sha256::digest(key.as_bytes()).into()));
        self.store.put_user(&user).await?;
        self.refresh().await?;
        Ok(SecretString::from(key))
    }
}

//! The directory in force: what the configuration file says, the users of the database and what their programs asked to be told of, as one snapshot that is swapped whole.

use arc_swap::ArcSwap;
use domain::directory::{Alarm, Defaults, Directory, LinkProfile, User};
use domain::mo::{MoRule, Subscription};
use domain::routing::Route;
use std::sync::{Arc, Mutex, PoisonError};

/// What the configuration file says.
#[derive(Debug, Clone, Default)]
pub struct Installation {
    /// What holds where nothing else is said.
    pub defaults: Defaults,
    /// Users of the file; a user of the database with the same name comes before them.
    pub users: Vec<User>,
    /// Links.
    pub links: Vec<LinkProfile>,
    /// Routes.
    pub routes: Vec<Route>,
    /// Where received messages go.
    pub mo_rules: Vec<MoRule>,
    /// Who is told of links that are ill.
    pub alarm: Alarm,
}

/// The directory in force. Reading takes no lock.
#[derive(Debug)]
pub struct CurrentDirectory {
    current: ArcSwap<Directory>,
    sources: Mutex<Sources>,
}

#[derive(Debug, Default)]
struct Sources {
    installation: Installation,
    stored: Vec<User>,
    subscriptions: Vec<Subscription>,
    version: u64,
}

impl CurrentDirectory {
    /// Begins with what the file says.
    #[must_use]
    pub fn new(installation: Installation) -> Self {
        let this = Self { current: ArcSwap::default(), sources: Mutex::default() };
        this.install(installation);
        this
    }

    /// The snapshot now in force.
    #[must_use]
    pub fn current(&self) -> Arc<Directory> {
        self.current.load_full()
    }

    /// Puts a new configuration in force.
    pub fn install(&self, installation: Installation) {
        self.change(|sources| sources.installation = installation);
    }

    /// Puts the users of the database in force.
    pub fn set_stored_users(&self, users: Vec<User>) {
        self.change(|sources| sources.stored = users);
    }

    /// Puts the wishes of programs to be told in force.
    pub fn set_subscriptions(&self, subscriptions: Vec<Subscription>) {
        self.change(|sources| sources.subscriptions = subscriptions);
    }

    /// The names of the users of the file.
    pub(crate) fn is_of_file(&self, name: &str) -> bool {
        let sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        sources.installation.users.iter().any(|u| u.name.as_str() == name)
            && !sources.stored.iter().any(|u| u.name.as_str() == name)
    }

    fn change(&self, change: impl FnOnce(&mut Sources)) {
        let mut sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut sources);
        sources.version += 1;
        let of_file = sources.installation.users.iter();
        let users = of_file.chain(&sources.stored).map(|u| (u.name.clone(), Arc::new(u.clone()))).collect();
        let installation = &sources.installation;
        self.current.store(Arc::new(Directory {
            version: sources.version,
            defaults: installation.defaults.clone(),
            users,
            links: installation.links.clone(),
            routes: installation.routes.clone(),
            mo_rules: installation.mo_rules.clone(),
            subscriptions: sources.subscriptions.clone(),
            alarm: installation.alarm.clone(),
        }));
    }
}

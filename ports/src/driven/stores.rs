//! The store's ports together, as whoever opens a store hands them to the application.

use super::{
    Cluster, Deadlines, DirectoryStore, Dispatch, Handoffs, Inbox, Outbox, Recalls, Receipts, Reports,
};
use std::sync::Arc;

/// What a store implements: all of these ports.
pub trait Store:
    Outbox + Dispatch + Deadlines + Receipts + Recalls + Inbox + Handoffs + DirectoryStore + Reports + Cluster
{
}

impl<S> Store for S where
    S: Outbox
        + Dispatch
        + Deadlines
        + Receipts
        + Recalls
        + Inbox
        + Handoffs
        + DirectoryStore
        + Reports
        + Cluster
{
}

/// The store's ports.
#[derive(Clone)]
pub struct Stores {
    /// Accepting.
    pub outbox: Arc<dyn Outbox>,
    /// The queue.
    pub dispatch: Arc<dyn Dispatch>,
    /// Times by which something must have happened.
    pub deadlines: Arc<dyn Deadlines>,
    /// Receipts.
    pub receipts: Arc<dyn Receipts>,
    /// Wishes that operators take messages back.
    pub recalls: Arc<dyn Recalls>,
    /// Received messages.
    pub inbox: Arc<dyn Inbox>,
    /// What is handed over.
    pub handoffs: Arc<dyn Handoffs>,
    /// Users.
    pub directory: Arc<dyn DirectoryStore>,
    /// Reading.
    pub reports: Arc<dyn Reports>,
    /// Runs of nodes.
    pub cluster: Arc<dyn Cluster>,
}

impl Stores {
    /// The ports of one store.
    pub fn of<S: Store + 'static>(store: &Arc<S>) -> Self {
        Self {
            outbox: store.clone(),
            dispatch: store.clone(),
            deadlines: store.clone(),
            receipts: store.clone(),
            recalls: store.clone(),
            inbox: store.clone(),
            handoffs: store.clone(),
            directory: store.clone(),
            reports: store.clone(),
            cluster: store.clone(),
        }
    }
}

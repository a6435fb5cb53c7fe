//! Journals of several operators as one, so that the checker can follow a message from one to the next.

use crate::journal::Entry;

/// Sessions of one operator; none makes more.
const SESSIONS: u64 = 1_000_000_000;

/// One journal after the other. Sessions and ids of messages belong to one operator: they are told apart by its place.
#[must_use]
pub fn merged(journals: Vec<Vec<Entry>>) -> Vec<Entry> {
    let places = (0_u64..).zip(journals);
    places.flat_map(|(place, journal)| journal.into_iter().map(move |entry| placed(place, entry))).collect()
}

fn placed(place: u64, mut entry: Entry) -> Entry {
    match &mut entry {
        Entry::Submit { session, message_id, .. } => {
            *session += place * SESSIONS;
            message_id.insert_str(0, &format!("{place}/"));
        }
        Entry::Receipt { message_id, .. } => message_id.insert_str(0, &format!("{place}/")),
        Entry::Bound { session }
        | Entry::Closed { session }
        | Entry::Reply { session, .. }
        | Entry::Answer { session, .. } => *session += place * SESSIONS,
        Entry::Listening { .. } | Entry::Mo { .. } => {}
    }
    entry
}

/// Which of the journals an entry's session is from.
#[must_use]
pub fn place_of(session: u64) -> usize {
    usize::try_from(session / SESSIONS).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::{merged, place_of};
    use crate::journal::Entry;

    #[test]
    fn operators_are_told_apart() {
        let receipt = || Entry::Receipt { message_id: "a".into(), state: "DELIVRD".into(), answer: Some(0) };
        let journal = || vec![Entry::Reply { session: 3, seq: 1, status: 0 }, receipt()];
        let sessions: Vec<_> = merged(vec![journal(), journal()])
            .into_iter()
            .filter_map(|entry| if let Entry::Reply { session, .. } = entry { Some(session) } else { None })
            .collect();
        assert_ne!(sessions[0], sessions[1]);
        assert_eq!(sessions.iter().map(|session| place_of(*session)).collect::<Vec<_>>(), [0, 1]);
        let ids = merged(vec![journal(), journal()]);
        let named = |name: &str| {
            ids.iter().any(|e| matches!(e, Entry::Receipt { message_id, .. } if message_id == name))
        };
        assert!(named("0/a") && named("1/a"));
    }
}

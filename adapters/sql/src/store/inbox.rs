//! Received parts: each durable as it comes, joined in the same commit as the last of them.

use super::{Conn, dialect};
use crate::op::Ticket;
use crate::rows::{
    HandoffRow, MO_PART_COLUMNS, MoPartRow, MoPartSql, MoRow, SeenRow, StoredMoPart, clean, clean_address,
    millis, time,
};
use crate::statement::{Bind, Sql, places};
use diesel::QueryResult;
use diesel::sql_types::BigInt;
use domain::Timestamp;
use domain::directory::{LinkId, UserName};
use domain::message::{Incarnation, MoId};
use domain::mo::{Handing, Mo, MoBody, assemble};
use ports::driven::{Content, Handoff, HandoffKey, NewMoPart, Recorded};
use std::collections::{BTreeMap, BTreeSet};

/// How long a part is remembered at most, ms.
pub(super) const SEEN_MS: i64 = 24 * 3_600_000;

/// How many slots there are in `inbox_slot`.
const SLOTS: u64 = 4_096;

/// Holds the slots of what these parts belong to until the commit: two nodes that each hold one half must not both find the other missing. All of
/// them at once and in one order, so that nobody waits in a circle.
pub(super) async fn hold(conn: &mut Conn, parts: impl Iterator<Item = &NewMoPart>) -> QueryResult<()> {
    if dialect::SOLE {
        return Ok(());
    }
    let slots: BTreeSet<i64> = parts.filter_map(slot).collect();
    let slots: Vec<i64> = slots.into_iter().collect();
    for some in slots.chunks(500) {
        let text = format!(
            "SELECT slot FROM inbox_slot WHERE slot IN {} ORDER BY slot{}",
            places(some.len()),
            dialect::FOR_UPDATE
        );
        let binds = some.iter().map(|slot| (*slot).into()).collect();
        let _: Vec<i64> = Sql::<BigInt>::varying(text, binds).rows(conn).await?;
    }
    Ok(())
}

/// The slot of the message that a part belongs to, the same for all its parts; none when it has only one.
fn slot(new: &NewMoPart) -> Option<i64> {
    let part = &new.part;
    let concat = part.concat.filter(|c| c.total > 1)?;
    // FNV-1a: nodes of several versions must agree.
    let numbers = format!("{}/{}", concat.reference, concat.total);
    let texts =
        [part.link.as_str(), &clean_address(&part.source), &clean_address(&part.destination), &numbers];
    let octets = texts.iter().flat_map(|text| text.bytes().chain([0]));
    let hash = octets.fold(0xcbf2_9ce4_8422_2325_u64, |hash, octet| {
        (hash ^ u64::from(octet)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    i64::try_from((hash ^ (hash >> 32)) % SLOTS).ok()
}

/// Stores a part; a whole message goes to the inbox.
pub(super) async fn record(conn: &mut Conn, ticket: &mut Ticket<NewMoPart, Recorded>) -> QueryResult<()> {
    let recorded = part(conn, &ticket.ask).await?;
    ticket.done(recorded);
    Ok(())
}

async fn part(conn: &mut Conn, new: &NewMoPart) -> QueryResult<Recorded> {
    let again = !first_time(conn, new).await?;
    let Some((total, seq)) =
        new.part.concat.map(|c| (c.total, c.seq)).filter(|(t, s)| *t > 1 && *s > 0 && s <= t)
    else {
        if again {
            return Ok(Recorded::Duplicate);
        }
        let body = vec![(1, 1, new.part.body.clone())];
        let origin = Origin::of(new);
        return complete(conn, origin, new.id, body, new.part.received_at, After::of(new)).await;
    };
    let mut parts = open_group(conn, new, i16::from(seq)).await?;
    // References come round, and some devices have only one: what a message that waits lacks is that, though an earlier message ended alike.
    if again && parts.is_empty() {
        return Ok(Recorded::Duplicate);
    }
    let mo = parts.first().map_or(new.id.0, |p| p.mo);
    if parts.len() + 1 < usize::from(total) {
        dialect::insert(conn, vec![MoPartRow { mo, new: new.clone() }]).await?;
        return Ok(Recorded::Waiting);
    }
    Sql::<()>::new("DELETE FROM mo_part WHERE mo = ?", vec![mo.into()]).run(conn).await?;
    parts.sort_by_key(|p| p.received_at);
    let first = parts.first().map_or(new.part.received_at, |p| time(p.received_at));
    let mut bodies: Vec<_> = parts.into_iter().map(StoredMoPart::body).collect();
    bodies.push((seq, total, new.part.body.clone()));
    complete(conn, Origin::of(new), MoId(mo), bodies, first, After::of(new)).await
}

/// Whether the part is new; notes its fingerprint. What was seen later than now was seen by a clock that has been set back since: how far
/// the two are apart counts, either way.
async fn first_time(conn: &mut Conn, new: &NewMoPart) -> QueryResult<bool> {
    let (fingerprint, now) = (new.part.fingerprint_in(new.id), millis(new.part.received_at));
    let within = u64::try_from(new.part.repeats_within().as_millis()).unwrap_or(SEEN_MS.unsigned_abs());
    let name = || Bind::from(fingerprint.to_be_bytes().to_vec());
    let text = "SELECT seen_at FROM mo_seen WHERE fingerprint = ?";
    let seen: Vec<i64> = Sql::<BigInt>::new(text, vec![name()]).rows(conn).await?;
    match seen.first() {
        Some(at) if now.abs_diff(*at) < within => Ok(false),
        Some(_) => {
            let text = "UPDATE mo_seen SET seen_at = ? WHERE fingerprint = ?";
            Sql::<()>::new(text, vec![now.into(), name()]).run(conn).await?;
            Ok(true)
        }
        None => dialect::insert(conn, vec![SeenRow { fingerprint, seen_at: now }]).await.map(|_| true),
    }
}

/// The parts of the newest message that lacks this place.
async fn open_group(conn: &mut Conn, new: &NewMoPart, seq: i16) -> QueryResult<Vec<StoredMoPart>> {
    let part = &new.part;
    let (reference, total) = part.concat.map_or((0, 1), |c| (c.reference, c.total));
    let text = format!(
        "SELECT {MO_PART_COLUMNS} FROM mo_part WHERE link = ? AND source = ? AND destination = ? AND reference = ? AND total = ?"
    );
    let binds = vec![
        part.link.as_str().into(),
        clean_address(&part.source).into(),
        clean_address(&part.destination).into(),
        reference.into(),
        total.into(),
    ];
    let rows: Vec<StoredMoPart> = Sql::<MoPartSql>::new(text, binds).rows(conn).await?;
    let mut groups: BTreeMap<i64, Vec<StoredMoPart>> = BTreeMap::new();
    for row in rows {
        groups.entry(row.mo).or_default().push(row);
    }
    let open = groups.into_iter().rev().find(|(_, parts)| parts.iter().all(|p| p.seq != seq));
    Ok(open.map(|(_, parts)| parts).unwrap_or_default())
}

/// Where a message came from and went to.
struct Origin {
    link: LinkId,
    source: String,
    destination: String,
}

impl Origin {
    fn of(new: &NewMoPart) -> Self {
        let part = &new.part;
        Self {
            link: part.link.clone(),
            source: clean_address(&part.source),
            destination: clean_address(&part.destination),
        }
    }
}

/// What happens to a message when it is whole.
struct After {
    owner: Option<String>,
    handing: Handing,
    lease: Option<Incarnation>,
    at: Timestamp,
}

impl After {
    fn of(new: &NewMoPart) -> Self {
        Self {
            owner: new.user.as_ref().map(|u| u.as_str().to_owned()),
            handing: new.handing.clone(),
            lease: new.tell_lease,
            at: new.part.received_at,
        }
    }
}

async fn complete(
    conn: &mut Conn,
    origin: Origin,
    id: MoId,
    bodies: Vec<(u8, u8, MoBody)>,
    received_at: Timestamp,
    after: After,
) -> QueryResult<Recorded> {
    let (joined, binary) = assemble(&bodies);
    let mo = Mo {
        id,
        link: origin.link,
        source: origin.source,
        destination: origin.destination,
        text: clean(&joined.text),
        binary,
        segments: u8::try_from(bodies.len()).unwrap_or(u8::MAX),
        complete: joined.complete,
        received_at,
    };
    let user = after.owner.as_deref().and_then(|owner| UserName::parse(owner).ok());
    dialect::insert(conn, vec![MoRow { mo: mo.clone(), owner: after.owner }]).await?;
    let tell = after.handing.of(&mo.text).cloned().map(|destination| Handoff {
        key: HandoffKey { subject: id.0, event: HandoffKey::MO },
        content: Content::Mo { destination, mo: Box::new(mo.clone()), user },
        tries: 0,
        created_at: after.at,
        resent_at: None,
    });
    if let Some(handoff) = &tell {
        let destination = match &handoff.content {
            Content::Mo { destination, .. } => Some(destination.to_string()),
            Content::State { .. } => None,
        };
        let row = HandoffRow {
            subject: id.0,
            event: HandoffKey::MO,
            target: handoff.target(),
            destination,
            lease: after.lease.map(|l| l.0),
            created_at: millis(after.at),
        };
        dialect::insert(conn, vec![row]).await?;
    }
    Ok(Recorded::Complete { mo: Box::new(mo), tell: tell.map(Box::new) })
}

/// Puts what stays incomplete into the inbox as it is.
pub(super) async fn complete_overdue(
    conn: &mut Conn,
    ticket: &mut Ticket<(Timestamp, usize), usize>,
) -> QueryResult<()> {
    let (before, limit) = ticket.ask;
    let text = "SELECT mo FROM mo_part GROUP BY mo HAVING MAX(received_at) < ? ORDER BY mo LIMIT ?";
    let late: Vec<i64> =
        Sql::<BigInt>::new(text, vec![millis(before).into(), limit.into()]).rows(conn).await?;
    for mo in &late {
        let text = format!("SELECT {MO_PART_COLUMNS} FROM mo_part WHERE mo = ? ORDER BY received_at, seq");
        let parts: Vec<StoredMoPart> = Sql::<MoPartSql>::new(text, vec![(*mo).into()]).rows(conn).await?;
        let removed =
            Sql::<()>::new("DELETE FROM mo_part WHERE mo = ?", vec![(*mo).into()]).run(conn).await?;
        let (Some(first), Some(last)) = (parts.first().cloned(), parts.last().cloned()) else { continue };
        if removed < parts.len() {
            continue;
        }
        let origin = Origin {
            link: LinkId::parse(&first.link).map_err(|e| crate::error::unreadable("received part", e))?,
            source: first.source,
            destination: first.destination,
        };
        let after = After {
            owner: last.owner,
            handing: last.handed_to.and_then(|d| d.parse().ok()).unwrap_or_default(),
            lease: None,
            at: time(last.received_at),
        };
        let bodies = parts.into_iter().map(StoredMoPart::body).collect();
        complete(conn, origin, MoId(*mo), bodies, time(first.received_at), after).await?;
    }
    ticket.done(late.len());
    Ok(())
}

/// Marks a received message as taken care of.
pub(super) async fn acknowledge(
    conn: &mut Conn,
    ticket: &mut Ticket<(Option<UserName>, MoId, Timestamp), bool>,
) -> QueryResult<()> {
    let (user, id, now) = &ticket.ask;
    let whose = if user.is_some() { " AND (owner = ? OR owner IS NULL)" } else { "" };
    let mut binds: Vec<Bind<'_>> = vec![id.0.into()];
    binds.extend(user.as_ref().map(|u| Bind::from(u.as_str())));
    let text = format!("SELECT id FROM mo WHERE id = ?{whose}");
    let known = !Sql::<BigInt>::new(text, binds).rows::<_, i64>(conn).await?.is_empty();
    if known {
        let text = "UPDATE mo SET acknowledged_at = ? WHERE id = ? AND acknowledged_at IS NULL";
        Sql::<()>::new(text, vec![millis(*now).into(), id.0.into()]).run(conn).await?;
    }
    ticket.done(known);
    Ok(())
}

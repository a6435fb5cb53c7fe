//! What a server is, and whether it keeps what it says it has committed.

use super::Conn;
use crate::statement::Sql;
use diesel::sql_types::Text;
use ports::driven::StoreError;

/// The oldest server that has everything the tables ask for.
const OLDEST: u32 = 130_000;

/// What is asked of a server, in the order of the answers.
const ASKED: [&str; 5] = [
    "current_setting('server_version')",
    "current_setting('server_version_num')",
    "current_setting('fsync')",
    "current_setting('full_page_writes')",
    "pg_is_in_recovery()::text",
];

/// What a server is and promises.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Looked {
    /// The product and its version.
    pub(super) server: String,
    /// With any of these nothing may be accepted over it.
    pub(super) refused: Vec<String>,
    /// Bad, unless somebody knows better: some file systems never tear a page.
    pub(super) doubtful: Vec<String>,
}

impl Looked {
    /// An error when nothing may be accepted over this server.
    pub(super) fn to_serve(&self) -> Result<(), StoreError> {
        self.doubtful.iter().for_each(|why| tracing::warn!("{why}"));
        self.refused.first().map_or(Ok(()), |why| Err(StoreError::Unavailable(why.clone())))
    }
}

/// Looks a server over. One that is too old is an error.
pub(super) async fn look(conn: &mut Conn) -> Result<Looked, StoreError> {
    let text = ASKED.map(|what| format!("SELECT {what}")).join(" UNION ALL ");
    let found: Vec<String> =
        Sql::<Text>::varying(text, Vec::new()).rows(conn).await.map_err(crate::error::of_reading)?;
    judged(&found)
}

fn judged(found: &[String]) -> Result<Looked, StoreError> {
    let [version, number, fsync, full_pages, standby] =
        [0, 1, 2, 3, 4].map(|n: usize| found.get(n).map_or("", String::as_str));
    let server = format!("PostgreSQL {version}");
    if number.parse::<u32>().is_ok_and(|number| number < OLDEST) {
        return Err(StoreError::Data(format!(
            "the server is {server}; the store needs PostgreSQL 13 or later"
        )));
    }
    let (mut refused, mut doubtful) = (Vec::new(), Vec::new());
    if fsync != "on" {
        refused.push("fsync is off: what is accepted may be lost; it must be on".to_owned());
    }
    if standby == "true" {
        refused.push("the server is a standby and cannot write".to_owned());
    }
    if full_pages != "on" {
        doubtful.push("full_page_writes is off: a power cut may damage the tables".to_owned());
    }
    Ok(Looked { server, refused, doubtful })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(answers: [&str; 5]) -> Result<Looked, StoreError> {
        judged(&answers.map(str::to_owned))
    }

    #[test]
    fn only_a_server_that_keeps_what_it_commits_is_served_over() {
        let sound = of(["15.4", "150004", "on", "on", "false"]).unwrap();
        assert_eq!((sound.server.as_str(), sound.to_serve()), ("PostgreSQL 15.4", Ok(())));
        let on_zfs = of(["15.4", "150004", "on", "off", "false"]).unwrap();
        assert_eq!((on_zfs.doubtful.len(), on_zfs.to_serve()), (1, Ok(())));
        for (answers, why) in [
            (["15.4", "150004", "off", "on", "false"], "fsync is off"),
            (["15.4", "150004", "on", "on", "true"], "standby"),
        ] {
            let refused = of(answers).unwrap().to_serve();
            assert!(
                matches!(&refused, Err(StoreError::Unavailable(text)) if text.contains(why)),
                "{refused:?}"
            );
        }
    }

    #[test]
    fn an_old_server_is_named() {
        let refused = of(["12.20", "120020", "on", "on", "false"]);
        assert!(
            matches!(&refused, Err(StoreError::Data(text)) if text.contains("PostgreSQL 12.20")),
            "{refused:?}"
        );
        assert!(of(["13.0", "130000", "on", "on", "false"]).is_ok());
    }
}

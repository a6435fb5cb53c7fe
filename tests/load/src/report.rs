//! The table: one row a gateway and scenario, medians over the rounds, and our ratio to Kannel.

use crate::options::{Scenario, Subject};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;

/// One measurement.
#[derive(Debug, Clone, Serialize)]
pub struct Result {
    /// What was measured.
    pub subject: Subject,
    /// Under which load.
    pub scenario: Scenario,
    /// Messages that the door took.
    pub accepted: usize,
    /// From the first request until all but one in a hundred had arrived, in seconds.
    pub seconds: f64,
    /// Messages a second end to end: at the operator, or at the callback when there are receipts.
    pub rate: f64,
    /// Messages a second at the door.
    pub accept_rate: f64,
    /// Median answer time of the door in ms.
    pub p50_ms: f64,
    /// 99th percentile of the same.
    pub p99_ms: f64,
    /// CPU seconds of the gateway for 1,000 messages.
    pub cpu_per_1000: f64,
    /// Highest resident memory of the gateway in MiB.
    pub peak_mib: f64,
    /// Accepted, and never at the operator.
    pub lost: usize,
    /// Accepted, and its callback never came.
    pub untold: usize,
    /// More than once at the operator.
    pub duplicated: usize,
    /// Requests that the door refused.
    pub refused: u64,
    /// Requests without an answer.
    pub broken: u64,
}

/// All measurements.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// In the order in which they were made.
    pub results: Vec<Result>,
}

impl Report {
    /// Whether nothing accepted was lost or doubled by ours.
    #[must_use]
    pub fn honest(&self) -> bool {
        let kannel = |subject| matches!(subject, Subject::Kannel | Subject::KannelSpool);
        let ours = |result: &&Result| !kannel(result.subject);
        self.results
            .iter()
            .filter(ours)
            .all(|result| result.lost == 0 && result.duplicated == 0 && result.untold == 0)
    }

    /// One for each gateway and scenario: medians over the rounds, and all that were lost, untold, doubled, refused.
    #[must_use]
    pub fn medians(&self) -> Vec<Result> {
        let mut groups: BTreeMap<(Scenario, Subject), Vec<&Result>> = BTreeMap::new();
        for result in &self.results {
            groups.entry((result.scenario, result.subject)).or_default().push(result);
        }
        groups
            .into_iter()
            .map(|((scenario, subject), results)| together(scenario, subject, &results))
            .collect()
    }
}

fn together(scenario: Scenario, subject: Subject, results: &[&Result]) -> Result {
    let count = |of: fn(&Result) -> usize| results.iter().map(|result| of(result)).sum();
    Result {
        subject,
        scenario,
        accepted: count(|result| result.accepted),
        seconds: median(results, |result| result.seconds),
        rate: median(results, |result| result.rate),
        accept_rate: median(results, |result| result.accept_rate),
        p50_ms: median(results, |result| result.p50_ms),
        p99_ms: median(results, |result| result.p99_ms),
        cpu_per_1000: median(results, |result| result.cpu_per_1000),
        peak_mib: median(results, |result| result.peak_mib),
        lost: count(|result| result.lost),
        untold: count(|result| result.untold),
        duplicated: count(|result| result.duplicated),
        refused: results.iter().map(|result| result.refused).sum(),
        broken: results.iter().map(|result| result.broken).sum(),
    }
}

/// How many times as fast as Kannel's file store in the same scenario, if that was measured too.
#[must_use]
pub fn against_kannel(result: &Result, all: &[Result]) -> Option<f64> {
    let kannel = all.iter().find(|r| r.scenario == result.scenario && r.subject == Subject::Kannel)?;
    Some(result.rate / kannel.rate.max(0.001))
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "| gateway | receipts | connections | messages/s | against Kannel | accept p50 ms | p99 ms | CPU s per 1,000 | peak MiB | lost | untold | doubled | refused |"
        )?;
        writeln!(f, "|---|---|---|---|---|---|---|---|---|---|---|---|---|")?;
        let medians = self.medians();
        for result in &medians {
            let ratio = against_kannel(result, &medians);
            let ratio = ratio.map_or_else(|| "–".to_owned(), |ratio| format!("{ratio:.2}"));
            writeln!(
                f,
                "| {} | {} | {} | {:.0} | {ratio} | {:.2} | {:.2} | {:.3} | {:.0} | {} | {} | {} | {} |",
                name(result.subject),
                if result.scenario.receipts { "yes" } else { "no" },
                result.scenario.connections,
                result.rate,
                result.p50_ms,
                result.p99_ms,
                result.cpu_per_1000,
                result.peak_mib,
                result.lost,
                result.untold,
                result.duplicated,
                result.refused + result.broken,
            )?;
        }
        Ok(())
    }
}

/// The name that people read.
#[must_use]
pub fn name(subject: Subject) -> &'static str {
    match subject {
        Subject::Kannel => "Kannel, file store",
        Subject::KannelSpool => "Kannel, spool store",
        Subject::Omnigate => "Omnigate, JSON",
        Subject::OmnigateEnd => "Omnigate, JSON, the end alone",
        Subject::OmnigateSendsms => "Omnigate, sendsms",
    }
}

fn median(results: &[&Result], of: impl Fn(&Result) -> f64) -> f64 {
    let mut values: Vec<f64> = results.iter().map(|result| of(result)).collect();
    values.sort_by(f64::total_cmp);
    let half = values.len() / 2;
    match values.len() {
        0 => 0.0,
        odd if odd % 2 == 1 => values[half],
        _ => f64::midpoint(values[half - 1], values[half]),
    }
}

#[cfg(test)]
mod tests {
    use super::{Report, Result, median};
    use crate::options::{Scenario, Subject};

    fn result(subject: Subject, rate: f64) -> Result {
        Result {
            subject,
            scenario: Scenario { receipts: false, connections: 32 },
            accepted: 10,
            seconds: 1.0,
            rate,
            accept_rate: rate,
            p50_ms: 1.0,
            p99_ms: 2.0,
            cpu_per_1000: 0.1,
            peak_mib: 20.0,
            lost: 0,
            untold: 0,
            duplicated: 0,
            refused: 0,
            broken: 0,
        }
    }

    #[test]
    fn the_table_compares_medians_of_one_run() {
        let rates = [
            (Subject::Kannel, 100.0),
            (Subject::Omnigate, 250.0),
            (Subject::Kannel, 200.0),
            (Subject::Omnigate, 350.0),
        ];
        let report = Report { results: rates.map(|(subject, rate)| result(subject, rate)).into() };
        let table = report.to_string();
        assert!(table.contains("| Kannel, file store | no | 32 | 150 | 1.00 |"), "{table}");
        assert!(table.contains("| Omnigate, JSON | no | 32 | 300 | 2.00 |"), "{table}");
        assert!(report.honest());
        assert!(median(&[], |result| result.rate).abs() < f64::EPSILON);
    }
}

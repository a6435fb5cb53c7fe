//! Why a decision came out as it did: the steps that `omnigate explain` and the preview print.

use std::fmt;

/// One step of a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The rule that spoke: `numbering`, `originator`, `text`, `route` …
    pub rule: &'static str,
    /// What it found, in English.
    pub found: String,
}

/// The steps of a decision, in the order they were taken.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trace {
    steps: Vec<Step>,
    silent: bool,
}

impl Trace {
    /// A trace that keeps its steps.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A trace that keeps nothing: for the hot path, where nobody reads it.
    #[must_use]
    pub fn silent() -> Self {
        Self { steps: Vec::new(), silent: true }
    }

    /// Adds a step; the text is only made when somebody will read it.
    pub fn note(&mut self, rule: &'static str, found: impl FnOnce() -> String) {
        if !self.silent {
            self.steps.push(Step { rule, found: found() });
        }
    }

    /// Whether somebody will read it.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        !self.silent
    }

    /// The steps so far.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.steps {
            writeln!(f, "{:<11} {}", step.rule, step.found)?;
        }
        Ok(())
    }
}

//! Why a decision came out as it did: the steps that `omnigate explain` and the preview print.

use crate::language::{Language, Words};

/// One step of a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The rule that spoke: `numbering`, `originator`, `text`, `route` …
    pub rule: &'static str,
    /// What it found.
    pub found: Words,
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
    pub fn note<W: Into<Words>>(&mut self, rule: &'static str, found: impl FnOnce() -> W) {
        if !self.silent {
            self.steps.push(Step { rule, found: found().into() });
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

impl Step {
    /// The rule's name for people.
    #[must_use]
    pub fn name(&self, language: Language) -> &'static str {
        let swedish = match self.rule {
            "links" => "vägar",
            "text" => "text",
            "originator" => "avsändare",
            "numbering" => "nummer",
            "route" => "rutt",
            "fallback" => "reserv",
            "link" => "väg",
            "minicall" => "Minicall",
            other => other,
        };
        language.pick(swedish, self.rule)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silent_trace_makes_no_texts() {
        let mut silent = Trace::silent();
        silent.note("text", || -> Words { unreachable!("nobody reads it") });
        assert!(silent.steps().is_empty() && !silent.is_kept());
        let mut kept = Trace::new();
        kept.note("route", || "*".to_owned());
        assert_eq!(kept.steps().first().map(|s| s.name(Language::Swedish)), Some("rutt"));
    }
}

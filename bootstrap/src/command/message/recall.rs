//! `omnigate message cancel --recall`: taking a message back from operators that have it.

use super::unknown;
use crate::command::context::{Context, print, print_json};
use crate::command::{block_on, exit, store};
use crate::config::Loaded;
use crate::wire::Machine;
use anyhow::{Context as _, bail};
use application::{TakeBack, obstacles};
use domain::directory::LinkId;
use domain::language::{Language, Words};
use domain::message::MessageId;
use domain::state::State;
use ports::driven::RecallSaid;
use ports::driving::Recalled;
use serde_json::{Value, json};
use std::process::ExitCode;
use std::sync::Arc;

/// Takes back what has not left; what has is asked back from its operators. The server that has the link asks; here the answer is waited for.
pub(super) fn run(
    loaded: &Loaded,
    id: MessageId,
    context: &Context,
    language: Language,
) -> anyhow::Result<ExitCode> {
    let answer = block_on(async {
        let opened = store::changing(loaded).await?;
        let stores = &opened.stores;
        let take_back = TakeBack {
            dispatch: Arc::clone(&stores.dispatch),
            recalls: Arc::clone(&stores.recalls),
            reports: Arc::clone(&stores.reports),
            clock: Machine::of().clock,
            answered: Arc::default(),
        };
        let answer = take_back.take_back(id, || {}).await.context("the message was not taken back")?;
        // What still holds the store keeps it from closing.
        drop(take_back);
        opened.close().await;
        answer.ok_or_else(|| unknown(id))
    })?;
    let (well, state, why) = match answer {
        Ok(Recalled::Back) => (true, State::Cancelled, Words::default()),
        Ok(Recalled::Asked) => (false, State::Sent, stands()),
        Err((state, why)) => (false, state, why),
    };
    let why = why.in_language(language);
    if context.json {
        let detail = (!why.is_empty()).then_some(why);
        print_json(
            &json!({ "id": id.to_string(), "cancelled": well, "state": state.as_str(), "detail": detail }),
        )?;
    } else if well {
        print(&format!("{id} {}\n", language.pick("är återtaget", "is taken back")))?;
    } else if why.is_empty() {
        bail!("{id} is {}: it cannot be taken back any more", state.name(language));
    } else {
        let is = language.pick("är", "is");
        eprintln!("{id} {is} {}: {why}", state.name(language));
    }
    Ok(exit(well))
}

/// What came of wishes about a message, by link: null where the operator has not answered yet.
pub(super) fn as_json(recalls: &[(LinkId, Option<RecallSaid>)]) -> Value {
    let one = |(link, said): &(LinkId, Option<RecallSaid>)| {
        let answer = said.as_ref().map(|s| json!({ "taken": s.taken, "of": s.of, "words": s.words }));
        json!({ "link": link.as_str(), "answer": answer })
    };
    recalls.iter().map(one).collect()
}

/// The same of a message that is still with its operator.
pub(super) fn stand(recalls: &[(LinkId, Option<RecallSaid>)]) -> Words {
    let why = obstacles(recalls);
    if why.is_empty() { stands() } else { why }
}

/// Nobody has answered yet.
fn stands() -> Words {
    Words::new(
        "inget svar från operatören ännu. Önskan står kvar tills meddelandet har fått sitt slut: en server som kör frågar operatören så snart förbindelsen är uppe",
        "no answer from the operator yet. The wish stands until the message has its end: a running server asks the operator as soon as the link is up",
    )
}

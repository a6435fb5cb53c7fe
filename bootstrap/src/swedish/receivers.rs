//! Why receivers did not take what was handed over, in Swedish. Parts stand between `: `, as in what links say.

use super::Entry;

/// English first; `{}` stands for anything.
#[rustfmt::skip]
pub(super) const RECEIVERS: &[Entry] = &[
    ("no connection in time", "ingen anslutning i tid"),
    ("no connection", "ingen anslutning"),
    ("no answer in time", "inget svar i tid"),
    ("the connection broke", "anslutningen bröts"),
    ("connection closed before message completed", "den stängdes innan svaret var klart"),
    ("the receiver is slow", "mottagaren är långsam"),
    ("the delivery panicked", "ett fel i gatewayen själv"),
    ("{} leads to an address that may not be called", "{} leder till en adress som inte får anropas"),
    ("neither http nor https", "varken http eller https"),
    ("its answer was not taken", "dess svar togs inte emot"),
    ("stopped before its answer was taken", "stannade innan dess svar togs emot"),
    ("mail is not handed over by HTTP", "e-post lämnas inte över med HTTP"),
    ("this is not for a mailbox", "det är inte till en brevlåda"),
    ("the mail domain makes no address", "e-postdomänen ger ingen adress"),
    ("the mail cannot be made", "brevet går inte att göra"),
    ("the mail relay has no address", "e-postreläet har ingen adress"),
    ("the mail relay does not offer {}", "e-postreläet erbjuder inte {}"),
    ("the mail relay said {} out of turn", "e-postreläet sade {} i otid"),
    ("the mail relay did not answer in time", "e-postreläet svarade inte i tid"),
    ("{} is no mail address", "{} är ingen e-postadress"),
    ("permanent error ({})", "avvisat för gott ({})"),
    ("transient error ({})", "avvisat tills vidare ({})"),
    ("Connection error", "ingen anslutning"),
    ("network error", "fel i nätet"),
    ("tls error", "fel i TLS"),
    ("response error", "ett svar som inte går att tolka"),
    ("internal client error", "fel hos oss"),
    ("incomplete response", "ett ofullständigt svar"),
    ("invalid peer certificate", "motpartens certifikat duger inte"),
    ("UnknownIssuer", "okänd utfärdare"),
    ("the certificate{}", "certifikatet{}"),
    ("dns error", "namnet kunde inte slås upp"),
];

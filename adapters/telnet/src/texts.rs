//! What the door says to people, in Swedish and English. Codes carry the meaning; these texts only explain.

use domain::language::Language;

/// One thing said, in both languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Said(&'static str, &'static str);

impl Said {
    /// The text in a language.
    #[must_use]
    pub fn to(self, language: Language) -> &'static str {
        language.pick(self.0, self.1)
    }
}

macro_rules! said {
    ($($name:ident = $sv:literal, $en:literal;)+) => { $(#[doc = $en] pub const $name: Said = Said($sv, $en);)+ };
}

said! {
    READY = "Omnigate SNPP redo, HELP ger hjälp", "Omnigate SNPP ready, HELP for help";
    BYE = "Hej då", "Goodbye";
    IDLE = "För lång tystnad, hej då", "Silent for too long, goodbye";
    STOPPING = "Systemet stängs av, försök igen senare", "The service is stopping, try again later";
    ERRORS = "För många fel, hej då", "Too many errors, goodbye";
    LONG_LINE = "För lång rad, hej då", "Line too long, goodbye";
    UNKNOWN = "Okänt kommando, HELP ger hjälp", "Unknown command, HELP for help";
    NO_WEB = "Här talas SNPP, inte HTTP, hej då", "This is SNPP and not HTTP, goodbye";
    USAGE = "Skrivs så här:", "Usage:";
    NOT_OFFERED = "Erbjuds inte för SMS", "Not offered for SMS";
    NOT_TEXT = "Inte giltig text i vald teckenkod, se SITE CHARSET", "Not valid text in the chosen character set, see SITE CHARSET";
    LOGGED_IN = "Inloggad", "Logged in";
    LOGIN_FIRST = "Logga in först: LOGI användare lösenord", "Log in first: LOGI user password";
    RECIPIENT = "Mottagaren godtas", "Recipient accepted";
    MANY_RECIPIENTS = "För många mottagare", "Too many recipients";
    ONE_IN_TWO_WAY = "Endast en mottagare i tvåvägsläge", "One recipient only in two-way mode";
    TEXT_TAKEN = "Texten mottagen", "Text received";
    TEXT_TWICE = "Texten är redan given, RESE börjar om", "The text is given already, RESE starts over";
    TEXT_LONG = "Texten är för lång", "The text is too long";
    TEXT_EMPTY = "Texten är tom", "The text is empty";
    DATA_BEGIN = "Skriv texten, avsluta med en punkt ensam på en rad", "Enter the text, end with a dot alone on a line";
    NOTHING = "Mottagare eller text saknas", "Recipient or text is missing";
    RESET = "Börjar om", "Starting over";
    NOTED = "Noterat", "Noted";
    HOLD_FORM = "en tid är tolv siffror, ÅÅMMDDTTMMSS, och en zon som +0100 om den inte är lokal", "a time is twelve digits, YYMMDDHHMMSS, and a zone such as +0100 when it is not local";
    HOLD_ZONE = "en zon är +timmar eller +ttmm", "a zone is +hours or +hhmm";
    HOLD_NO_TIME = "det finns ingen sådan tid", "there is no such time";
    CUT_LINE = "Sista raden saknar radslut och utfördes inte", "The last line has no line end and was not carried out";
    CUT_TEXT = "Texten avslutades inte med en punkt ensam på en rad, inget sändes", "The text was not ended by a dot alone on a line, nothing was sent";
    WRONG_VALUE = "Ogiltigt värde:", "Invalid value:";
    TWO_WAY = "Tvåvägsläge: svaret på SEND ger märke och kod", "Two-way mode: the reply to SEND gives tag and pass code";
    READ_UNKNOWN = "Noterat; leverans meddelas, läsning kan inte meddelas för SMS", "Noted; delivery is reported, reading cannot be for SMS";
    WRONG_PASS = "Märke eller kod stämmer inte", "Tag or pass code is wrong";
    ACCEPTED = "Mottaget för sändning, id", "Accepted for sending, id";
    REFUSED = "avvisat:", "refused:";
    QUEUED = "Mottaget för sändning", "Accepted for sending";
    CANCELLED = "Meddelandet är återtaget", "The message is taken back";
    EMPTY_INBOX = "Inga nya meddelanden", "No new messages";
    MESSAGES = "meddelanden; INBOX ACK id kvitterar", "messages; INBOX ACK id acknowledges";
    MORE = "meddelanden, det finns fler; INBOX ACK id kvitterar", "messages, there are more; INBOX ACK id acknowledges";
    DONE = "Klart", "Done";
    END_OF_HELP = "Slut på hjälpen", "End of help";
    CHARSET = "Teckenkod", "Character set";
}

/// What who finds no place at the door is told, with its line end.
#[must_use]
pub fn full(language: Language) -> &'static [u8] {
    language
        .pick(
            "421 För många anslutningar, försök igen senare\r\n",
            "421 too many connections, try again later\r\n",
        )
        .as_bytes()
}

/// The Swedish forms of what a command's usage says in English; verbs and their values are the same in both.
const USAGES: &[(&str, &str)] = &[
    ("PAGE number (one in each line, no PIN)", "PAGE nummer (ett per rad, ingen PIN-kod)"),
    ("COVE link", "COVE väg"),
    ("HOLD YYMMDDHHMMSS [+zone]", "HOLD ÅÅMMDDTTMMSS [+zon]"),
    ("CALL originator", "CALL avsändare"),
    ("EXPT hours (1-8784)", "EXPT timmar (1-8784)"),
    ("MSTA tag pass", "MSTA märke kod"),
    ("KTAG tag pass", "KTAG märke kod"),
    ("LOGI user password", "LOGI användare lösenord"),
    (
        "SMS number text (a number with blanks stands in \"quotes\")",
        "SMS nummer text (ett nummer med mellanslag står inom \"citattecken\")",
    ),
    ("SITE FROM originator", "SITE FROM avsändare"),
];

/// How a command is written, in a language.
#[must_use]
pub fn usage(english: &'static str, language: Language) -> &'static str {
    let swedish = USAGES.iter().find(|(known, _)| *known == english).map_or(english, |(_, swedish)| swedish);
    language.pick(swedish, english)
}

/// Help: verb (its first four letters decide), then what it does.
pub const HELP: &[(&str, Said)] = &[
    (
        "SMS",
        Said(
            "SMS nummer text - sänd direkt: SMS 0701234567 Hej",
            "SMS number text - send at once: SMS 0701234567 Hello",
        ),
    ),
    ("STATUS", Said("STATUS id - hur det går för ett meddelande", "STATUS id - how a message is doing")),
    (
        "INBOX",
        Said(
            "INBOX - mottagna meddelanden; INBOX ACK id - kvittera",
            "INBOX - received messages; INBOX ACK id - acknowledge",
        ),
    ),
    ("LOGIN", Said("LOGI användare lösenord", "LOGI user password")),
    ("PAGER", Said("PAGE nummer - en mottagare till", "PAGE number - one more recipient")),
    ("MESSAGE", Said("MESS text - texten på en rad", "MESS text - the text in one line")),
    (
        "DATA",
        Said(
            "DATA - texten på flera rader, en ensam punkt avslutar",
            "DATA - the text in many lines, ended by a single dot",
        ),
    ),
    ("SEND", Said("SEND - sänd", "SEND - send it")),
    ("SUBJECT", Said("SUBJ text - ärende", "SUBJ text - subject")),
    ("CALLERID", Said("CALL avsändare (även SITE FROM)", "CALL originator (also SITE FROM)")),
    (
        "HOLDUNTIL",
        Said("HOLD ÅÅMMDDTTMMSS [+0100] - sänd inte före", "HOLD YYMMDDHHMMSS [+0100] - not before"),
    ),
    (
        "LEVEL",
        Said("LEVE 0-8 - 0 hög, 1 normal, 2-7 låg, 8 larm", "LEVE 0-8 - 0 high, 1 normal, 2-7 low, 8 alarm"),
    ),
    ("ALERT", Said("ALER 0|1 - visa direkt (flash)", "ALER 0|1 - show at once (flash)")),
    ("COVERAGE", Said("COVE namn - viss kommunikationsväg", "COVE name - a certain link")),
    ("2WAY", Said("2WAY - SEND svarar med märke och kod", "2WAY - SEND answers with tag and pass code")),
    ("EXPTAG", Said("EXPT timmar - sänd inte efter så lång tid", "EXPT hours - do not send after that long")),
    ("MSTATUS", Said("MSTA märke kod - hur det går", "MSTA tag pass - how it is doing")),
    ("KTAG", Said("KTAG märke kod - återta", "KTAG tag pass - take back")),
    ("RESET", Said("RESE - börja om", "RESE - start over")),
    (
        "SITE",
        Said(
            "SITE CHARSET utf-8|iso-8859-1, SITE FROM, SITE STATUS, SITE INBOX",
            "SITE CHARSET utf-8|iso-8859-1, SITE FROM, SITE STATUS, SITE INBOX",
        ),
    ),
    ("QUIT", Said("QUIT eller BYE - avsluta", "QUIT or BYE - leave")),
];

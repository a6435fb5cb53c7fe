//! The configuration as it is read, refused and overridden.

use super::*;

/// The example of the documentation, whole.
const EXAMPLE: &str = include_str!("example.toml");

fn variables() -> Vec<(String, String)> {
    ["TS0_PASSWORD", "CRM_PASSWORD"].map(|n| (n.to_owned(), "secret".to_owned())).to_vec()
}

fn said(text: &str) -> String {
    read(Path::new("omnigate.toml"), text, &variables())
        .map_or_else(|e| e.to_string(), |l| format!("{:?}", l.warnings))
}

#[test]
fn the_example_is_served() {
    let loaded = read(Path::new("omnigate.toml"), EXAMPLE, &variables()).expect("the example");
    assert_eq!(loaded.config.link.len(), 2);
    let installation = loaded.config.installation(Vec::new());
    assert_eq!(
        installation.routes.first().map(|route| route.describe().to_string()).as_deref(),
        Some("TS0, then TS1")
    );
}

/// The same protocol, name and password: one account. Another password is another operator's.
#[test]
fn links_of_one_account_know_each_other() {
    let link = |name: &str, password: &str| {
        format!(
            "[[link]]\nname = \"{name}\"\nprotocol = \"smpp\"\nhosts = [\"a:1\"]\nsystem_id = \"us\"\npassword = \"{password}\"\n"
        )
    };
    let route = "[[route]]\nto = \"*\"\nlinks = [\"TS0\", \"TS1\", \"TS2\"]\n".to_owned();
    let text = [link("TS0", "one"), link("TS1", "one"), link("TS2", "two"), route].concat();
    let loaded = read(Path::new("omnigate.toml"), &text, &[]).expect("read");
    let links = loaded.config.installation(Vec::new()).links;
    let beside: Vec<Vec<_>> =
        links.iter().map(|l| l.same_account.iter().map(|id| id.as_str()).collect()).collect();
    assert_eq!(beside, [vec!["TS1"], vec!["TS0"], vec![]]);
}

/// Numbers as people write them are the international ones of the installation's country.
#[test]
fn numbers_are_written_as_people_write_them() {
    for (country, [mobile, area, whole]) in
        [("46", ["4670", "468", "46701234567"]), ("358", ["35870", "3588", "358701234567"])]
    {
        let text = format!(
            "[defaults]\ncountry = \"{country}\"\nallow = [\"070\", \"+45 2\", \"4792\"]\ndeny = [\"08\"]\n\
             [minicall]\nnumeric = [\"+46 740\"]\n\
             [[user]]\nname = \"crm\"\npassword = \"x\"\ndeny = [\"070\", \"0046 900\"]\n\
             [[mo]]\nnumber = \"070-123 45 67\"\n[[mo]]\nnumber = \"71234\"\n[[mo]]\nnumber = \"+45 12 34 56 78\"\n[[mo]]\n"
        );
        let loaded = read(Path::new("omnigate.toml"), &text, &[]).expect("read");
        let installation = loaded.config.installation(Vec::new());
        let defaults = &installation.defaults;
        assert_eq!(
            (&defaults.allow.allow[..], &defaults.allow.deny[..]),
            (&[mobile, "452", "4792"].map(str::to_owned)[..], &[area.to_owned()][..])
        );
        assert_eq!(defaults.pager.numeric, ["46740"]);
        let crm = loaded.config.user[0].to_domain(defaults.country).expect("a user");
        assert_eq!(crm.allow.map(|list| list.deny), Some(vec![mobile.to_owned(), "46900".to_owned()]));
        let number = |rule: &domain::mo::MoRule| rule.number.as_ref().map(ToString::to_string);
        let numbers: Vec<_> = installation.mo_rules.iter().map(number).collect();
        let expected = [whole, "71234", "4512345678"].map(|number| Some(number.to_owned()));
        assert_eq!(numbers, [&expected[..], &[None]].concat());
    }
    let twice = "[[mo]]\nnumber = \"070-123 45 67\"\n[[mo]]\nnumber = \"+46701234567\"\n";
    assert!(
        said(twice).contains("there are two rules for +46701234567: the first one counts"),
        "{}",
        said(twice)
    );
}

#[test]
fn problems_name_line_key_and_what_is_allowed() {
    let cases = [
        "[http]\nlisten = \"x\"\n",
        "[http]\nlisten = 8080\n",
        "[htp]\n",
        "[[link]]\nname = \"TS0\"\nprotocol = \"smpp\"\nhosts = [\"a\"]\nwindow = 0\n[[route]]\nto = \"*\"\nlinks = [\"TS9\"]\n",
        "[[link]]\nname = \"TS0\"\nprotocol = \"x25\"\nhosts = [\"a:1\"]\n",
        "[[user]]\nname = \"crm\"\naddresses = [\"10.0.0.0/40\"]\n",
        "[[user]]\nname = \"crm\"\npassword = { env = \"NO_SUCH\" }\n",
        "[defaults]\ncountry = \"0046\"\n\ntext = \"utf\"\n",
        "a = = 1\n",
        "[http]\nlisten = 127.0.0.1:8080\n",
        "[defaults]\nvalid_for = 10m\n",
        "[defaults]\nstrict_numbers = True\n",
        "[[route]]\nto = \"*\"\nlinks = [\"TS0\"]\n",
    ];
    let all: Vec<String> = cases.iter().map(|c| format!("{c}-> {}\n", said(c))).collect();
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn values_of_a_list_and_forms_are_checked() {
    let link = "[[link]]\nname = \"a\"\nprotocol = \"smpp\"\nhosts = [\"h:1\"]\n";
    let cases = [
        ("[smtp]\ndomains = [\"a\"]\nfrom = \"x\"\n".to_owned(), ":3: smtp.from: "),
        ("[smtp]\ndomains = [\"a\"]\ntemplate = \"{sbject}\"\n".to_owned(), ":3: smtp.template: "),
        ("[telnet]\nsubject = \"x\"\n".to_owned(), ":2: telnet.subject: "),
        ("[log]\nlevel = \"warning\"\n".to_owned(), ":2: log.level: "),
        ("[log]\n\nlevel = \"\"\n".to_owned(), ":3: log.level: "),
        ("[log]\nlevel = \"smpp=debug\"\n".to_owned(), ":2: log.level: "),
        ("[telnet]\ntime_zone = \"Nowhere/At-all\"\n".to_owned(), ":2: telnet.time_zone: "),
        (
            "[smtp]\ndomains = [\"a.se\"]\n[smtp.relay]\nhost = \"h:25\"\nuser = \"x\"\n".to_owned(),
            ":5: smtp.relay.user: ",
        ),
        ("[[mo]]\nto = \"MAILTO:x@y.se?subject=z\"\n".to_owned(), ":2: mo.to: x@y.se?subject=z is no mail"),
        ("[[mo]]\nto = \"mailto:.x@y.se\"\n".to_owned(), ":2: mo.to: "),
        ("[[mo]]\nto = \"http://\"\n".to_owned(), ":2: mo.to: "),
        (
            "[[user]]\nname = \"u\"\nmail_from = [\"a@b.se\", \"*@c.se\"]\n".to_owned(),
            ":3: user.u.mail_from: ",
        ),
        (format!("{link}flash = \"x\"\n"), ":5: link.a.flash: "),
        (format!("{link}validity = \"x\"\n"), ":5: link.a.validity: "),
        (format!("{link}statuses = {{ \"0x1\" = \"bad\" }}\n"), ":5: "),
        (format!("{link}parameters = {{ \"0x10000\" = \"00\" }}\n"), ":5: "),
    ];
    for (text, place) in cases {
        assert!(said(&text).contains(place), "{text}{}", said(&text));
    }
}

#[test]
fn who_sends_by_mail_and_cannot_be_told_is_warned_of() {
    let link = "[[link]]\nname = \"a\"\nprotocol = \"smpp\"\nhosts = [\"h:1\"]\n[[route]]\nto = \"*\"\nlinks = [\"a\"]\n";
    let smtp = "[smtp]\ndomains = [\"a.se\"]\n";
    let without = said(&format!("{smtp}{link}"));
    assert!(without.contains("there is no [smtp.relay]"), "{without}");
    let with = said(&format!("{smtp}[smtp.relay]\nhost = \"h:25\"\n{link}"));
    assert!(with.starts_with('[') && !with.contains("smtp.relay"), "{with}");
}

#[test]
fn a_relay_needs_no_mail_door() {
    let link = "[[link]]\nname = \"a\"\nprotocol = \"smpp\"\nhosts = [\"h:1\"]\n[[route]]\nto = \"*\"\nlinks = [\"a\"]\n";
    let rest = format!("{link}[alarm]\nmail = [\"jour@a.se\"]\n[[mo]]\nto = \"mailto:jour@a.se\"\n");
    let alone = "[smtp.relay]\nhost = \"h:25\"\n";
    let whole = said(&format!("{alone}from_domain = \"a.se\"\n{rest}"));
    assert!(whole.starts_with('['), "{whole}");
    let nameless = said(&format!("{alone}{rest}"));
    assert!(nameless.contains("smtp.relay.from_domain: the domain our mail comes from"), "{nameless}");
    let listening =
        said(&format!("[smtp]\nlisten = \"127.0.0.1:2526\"\n{alone}from_domain = \"a.se\"\n{rest}"));
    assert!(listening.contains("smtp.domains: at least one domain"), "{listening}");
}

#[test]
fn levels_of_the_log() {
    for level in ["error", "warn", "info", "debug", "trace", "info,smpp=debug", "warn, sql=off"] {
        assert!(!said(&format!("[log]\nlevel = \"{level}\"\n")).contains("log.level"), "{level}");
    }
}

#[test]
#[cfg(unix)]
fn variables_that_are_no_texts() {
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt as _;
    let latin = || OsString::from_vec(vec![0xc5, b's', b'a']);
    let read = |name: &str| environment::readable([(OsString::from(name), latin())].into_iter());
    assert_eq!(read("NAMN"), Ok(Vec::new()), "of no concern");
    assert_eq!(read("OMNIGATE__NODE__NAME"), Err("OMNIGATE__NODE__NAME".to_owned()));
}

#[test]
fn a_file_in_another_encoding_is_refused_with_the_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("omnigate.toml");
    std::fs::write(&file, b"[node]\n# \xc5sa\n").expect("written");
    let error = load(&file).expect_err("Latin-1").to_string();
    assert!(error.contains("omnigate.toml:2: this line is not UTF-8"), "{error}");
}

/// Files with something wrong in them, one thing each as far as that goes.
fn broken() -> Vec<String> {
    let link = "[[link]]\nname = \"A\"\nprotocol = \"smpp\"\nhosts = [\"h:1\"]\n";
    let route = "[[route]]\nto = \"*\"\nlinks = [\"A\"]\n";
    let smtp = "[smtp]\ndomains = [\"a.example\"]\n";
    let relay = format!("{smtp}[smtp.relay]\nhost = \"h:25\"\n");
    let all = [
        "\n[node]\nname = \"a b\"\n".to_owned(),
        "[minicall]\nlength = 10\npages = 0\nnumeric = [\"x\"]\n\nnumeric_length = 0\n".to_owned(),
        "[defaults]\nmax_segments = 0\n".to_owned(),
        "[database]\nurl = \"oracle://x\"\n".to_owned(),
        "[database]\nurl = { env = \"NO_SUCH\" }\n".to_owned(),
        format!("{link}version = \"3.3\"\nlong = \"payload\"\n{route}"),
        format!("{link}\nenquire_link = 0\nresponse_timeout = 0\n{route}"),
        format!("{link}system_id = \"sixteen characters\"\nport = \"x\"\n{route}"),
        format!("{link}\nsystem_id = \"sixteen characters\"\n{route}"),
        format!("{link}originator = \"Alldeles för långt\"\n{route}"),
        "[[link]]\nname = \"A\"\nprotocol = \"modem\"\nport = \"x\"\nnumber = \"+46\"\nweak_signal = 32\n"
            .to_owned()
            + route,
        "[[link]]\nname = \"A\"\nprotocol = \"ucp\"\nhosts = [\"h:1\"]\n".to_owned() + route,
        "[[link]]\nname = \"A\"\noperator = \"nobody\"\n".to_owned() + route,
        format!("{link}{route}[[mo]]\n[[mo]]\nto = \"mailto:a@b.se\"\nanswers = true\n"),
        "[[mo]]\nto = \"here\"\n".to_owned(),
        format!("{link}[[route]]\nto = \"x\"\nlinks = [\"A\"]\n"),
        format!("{link}[[route]]\nto = \"*\"\nlinks = []\n"),
        format!("{link}[[route]]\nto = \"*\"\nlinks = [{{ balance = [\"A\", \"A\"], weights = [1] }}]\n"),
        "[http]\nallow = [\"x\"]\n".to_owned(),
        "[oms]\nservice_uri = \"x\"\nsign_up_page = \"x\"\nother_code = \"x\"\nmax_messages = 0\n".to_owned(),
        "\n[smtp]\n".to_owned(),
        format!("{smtp}template = \"{{sbject}}\"\n"),
        format!("{smtp}template = \"{{subject\"\n"),
        format!("{relay}from_domain = \"no domain\"\nenvelope_from = \"nobody\"\n"),
        relay.replace("a.example", "no domain"),
        // Names that nobody can tell apart, and things that are there twice.
        format!("{link}{link}{route}"),
        format!("{link}{}{route}", link.replace("\"A\"", "\"a\"")),
        "[[user]]\nname = \"crm\"\npassword = \"x\"\n[[user]]\nname = \"CRM\"\npassword = \"\"\n".to_owned(),
        format!("{link}[[route]]\nto = \"*\"\nlinks = [\"A\", \"A\"]\n"),
        format!("{link}{route}[[mo]]\nnumber = \"71234\"\n[[mo]]\nnumber = \"71234\"\n[[mo]]\n[[mo]]\nanswers = true\n"),
        format!(
            "{smtp}[[smtp.domain]]\nname = \"b.se\"\n[[smtp.domain]]\nname = \"B.se\"\n[[smtp.sender]]\naddress = \"@b.se\"\ntemplate = \"x\"\n\
             [[smtp.sender]]\naddress = \"@B.se\"\ntemplate = \"x\"\n"
        ),
        // Values that nobody can mean.
        format!("{}{route}", link.replace("h:1", "h:0")),
        format!("{}{route}", link.replace("h:1", "::1:2775")),
        format!("{link}response_timeout = \"0s\"\nfirst_pause = 0\nrate = 4294967295\npark_on = [\"x\"]\ntls = {{ name = \"a b\" }}\n{route}"),
        format!("{link}{route}tries = 0\nfallback_after = 0\npauses = [\"5s\", \"0s\"]\nfallback_after_time = \"99999d\"\n"),
        format!("{link}[[route]]\nto = \"*\"\nlinks = {{ balance = [\"A\"], weights = [0] }}\n[[class]]\nname = \"bulk\"\ntries = 0\n"),
        "[defaults]\nmax_recipients = 0\nvalid_for = \"0s\"\nallow = [\"+46x\"]\ndeny = [\"00\"]\n".to_owned(),
        "[http]\nmax_connections = 0\nheader_timeout = \"18446744073709551615ms\"\nmax_body = 9223372036854775807\npublic_url = \"x\"\n".to_owned(),
        "[telnet]\nhost = \"a b\"\npasscode_key = \"\"\nmax_line = 1\n[node]\ndata_dir = \"\"\n[retention]\nmessages = 0\n".to_owned(),
        "[[user]]\nname = \"crm\"\npassword = \"x\"\npriority = \"alarm\"\nmax_priority = \"high\"\nallow = [\"*\"]\n".to_owned(),
        "[http]\nlisten = \"127.0.0.1:8080\"\nops_listen = \"x\"\n[telnet]\nlisten = \"0.0.0.0:8080\"\n"
            .to_owned(),
    ];
    all.to_vec()
}

#[test]
fn every_problem_has_its_line() {
    let all: Vec<String> = broken().iter().map(|text| format!("{text}-> {}\n", said(text))).collect();
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn every_problem_is_said_in_swedish_too() {
    let mut same = Vec::new();
    for text in broken() {
        let error = read(Path::new("omnigate.toml"), &text, &[]).expect_err(&text);
        for problem in error.problems() {
            let said = |language| crate::swedish::words(&problem.what, language);
            if said(Language::Swedish) == said(Language::English) {
                same.push(said(Language::English));
            }
        }
    }
    assert_eq!(same, Vec::<String>::new(), "write their Swedish into bootstrap/src/swedish/said.rs");
}

/// What may be meant is served, and told of.
#[test]
fn what_is_odd_is_warned_of_in_both_languages() {
    let text = "[[link]]\nname = \"A\"\nprotocol = \"smpp\"\nhosts = [\"h:1\", \"H:1\"]\n[[route]]\nto = \"*\"\nlinks = [\"A\"]\nusers = [\"crm\", \"gone\"]\n\
                [[route]]\nto = \"*\"\nlinks = [\"A\"]\nusers = [\"gone\", \"crm\"]\npauses = [\"5s\", \"5s\"]\n\
                [[user]]\nname = \"crm\"\nmail_from = [\"a@b.se\"]\n[[user]]\nname = \"billing\"\nmail_from = [\"A@b.se\"]\n";
    let warnings = read(Path::new("omnigate.toml"), text, &[]).expect("served").warnings;
    for wanted in [
        "link.A.hosts: \"H:1\" stands there twice",
        "route.users: \"gone\" is not in this file",
        "two routes take the same messages to *",
        "mail_from: A@b.se stands with both crm and billing: mail from there is taken for billing's",
    ] {
        assert!(warnings.iter().any(|warning| warning.contains(wanted)), "{wanted}: {warnings:?}");
    }
    for warning in &warnings {
        assert_ne!(
            *warning,
            crate::swedish::said(warning, Language::Swedish),
            "write its Swedish into said.rs"
        );
    }
}

#[test]
fn the_environment_comes_over_the_file() {
    let mut variables = variables();
    variables.push(("OMNIGATE__LINK__TS0__WINDOW".into(), "20".into()));
    variables.push(("OMNIGATE__HTTP__LISTEN".into(), "127.0.0.1:9".into()));
    let loaded = read(Path::new("omnigate.toml"), EXAMPLE, &variables).expect("the example");
    assert_eq!(loaded.config.http.map(|h| h.listen).as_deref(), Some("127.0.0.1:9"));
    assert_eq!(
        loaded.config.link.first().and_then(|l| l.common.window.as_ref()).map(|w| *w.get_ref()),
        Some(20)
    );
    variables.push(("OMNIGATE__LINK__TS7__WINDOW".into(), "20".into()));
    let error = read(Path::new("omnigate.toml"), EXAMPLE, &variables).expect_err("no such link");
    assert!(
        error.to_string().contains("OMNIGATE__LINK__TS7__WINDOW: there is no link called ts7"),
        "{error}"
    );
}

#[test]
fn a_variable_that_reads_like_a_number_is_text_where_text_is_wanted() {
    let mut variables = variables();
    for (name, value) in [
        ("DEFAULTS__COUNTRY", "46"),
        ("USER__CRM__PASSWORD", "12345678"),
        ("LINK__TS0__SYSTEM_ID", "12345"),
        ("LINK__TS0__PASSWORD", "true"),
        ("LINK__TS0__ORIGINATOR", "0x1F"),
        ("LINK__TS1__SYSTEM_ID", "1e5"),
        ("LINK__TS1__WINDOW", "7"),
        ("NODE__NAME", "1"),
        ("NODE__DRAIN", "7"),
    ] {
        variables.push((format!("OMNIGATE__{name}"), value.into()));
    }
    let config = read(Path::new("omnigate.toml"), EXAMPLE, &variables).expect("the example").config;
    assert_eq!((config.defaults.country.get_ref().as_str(), config.node.name.as_str()), ("46", "1"));
    assert_eq!(config.node.drain.0, std::time::Duration::from_secs(7));
    let secret = |secret: Option<&toml::Spanned<Secret>>| {
        use secrecy::ExposeSecret as _;
        secret.and_then(|s| s.get_ref().resolve().ok()).map(|s| s.expose_secret().to_owned())
    };
    assert_eq!(
        config.user.first().and_then(|user| secret(user.password.as_ref())).as_deref(),
        Some("12345678")
    );
    let links: Vec<_> = config
        .link
        .iter()
        .filter_map(|link| match &link.own {
            Own::Smpp(keys) => Some((keys.system_id.clone(), secret(keys.password.as_ref()))),
            _ => None,
        })
        .collect();
    let wanted = [("12345", Some("true")), ("1e5", None)];
    let wanted = wanted.map(|(id, password)| (id.to_owned(), password.map(str::to_owned)));
    assert_eq!(links, wanted.to_vec());
    assert_eq!(config.link.last().and_then(|l| l.common.window.as_ref()).map(|w| *w.get_ref()), Some(7));
}

#[test]
fn a_wrong_variable_is_named() {
    let said = |name: &str, value: &str| {
        let mut variables = variables();
        variables.push((format!("OMNIGATE__{name}"), value.to_owned()));
        variables.push(("OMNIGATE__HTTP__LISTEN".into(), "127.0.0.1:9".into()));
        match read(Path::new("omnigate.toml"), EXAMPLE, &variables) {
            Ok(_) => format!("{name}={value}: ok"),
            Err(error) => error.to_string(),
        }
    };
    let all = [
        said("SMTP__ONCE", "1"),
        said("HTTP__MAX_BODY", "much"),
        said("NODE__DRAIN", "soon"),
        said("LINK__TS0__WINDOW", "0"),
        said("LINK__TS0__WINDOW", "wide"),
        said("LINK__TS0__COLOUR", "5"),
        said("LINK__TS7__WINDOW", "5"),
        said("ROUTE__0__LINKS", "[\"TS9\"]"),
        said("DEFAULTS__COUNTRY", "0046"),
        said("HTP__LISTEN", "x"),
        said("MO__X__NUMBER", "5"),
    ];
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn lines_are_those_of_the_file_also_with_variables_over_it() {
    let text = "\n[node]\nname = \"a b\"\n\n[[link]]\nname = \"TS0\"\nprotocol = \"smpp\"\nhosts = [\"h:1\"]\nwindow = 0\n\
                [[route]]\nto = \"*\"\nlinks = [\"TS0\"]\n";
    let variables = [("OMNIGATE__HTTP__LISTEN".to_owned(), "127.0.0.1:9".to_owned())];
    let error = read(Path::new("omnigate.toml"), text, &variables).expect_err("two problems").to_string();
    assert!(error.contains("omnigate.toml:3: node.name: "), "{error}");
    assert!(error.contains("omnigate.toml:9: link.TS0.window: "), "{error}");
}

#[test]
fn secrets_never_show() {
    let loaded =
        read(Path::new("omnigate.toml"), "[[user]]\nname = \"crm\"\npassword = \"kanariefagel\"\n", &[])
            .expect("a user");
    assert!(!format!("{loaded:?}").contains("kanariefagel"));
}

use super::{super::fake::Container, *};

/// The second line of what curl says to wrong use.
const HELP: &str = "curl: try 'curl --help' or 'curl --manual' for more information\n";

/// A command line, its stdout, its stderr, and how it ends.
type Case<'a> = (&'a [&'a str], &'a str, &'a str, u8);

fn assert_each(cases: &[Case<'_>]) {
    for (words, stdout, stderr, code) in cases {
        let printed = run(words, &Container);
        let expected = (*stdout, *stderr, *code);
        assert_eq!((&*printed.stdout, &*printed.stderr, printed.code), expected, "{words:?}");
    }
}

#[test]
fn a_pod_answers_with_its_name() {
    assert_each(&[
        (&["web"], "web-1\n", "", 0),
        (&["http://web"], "web-1\n", "", 0),
        (&["HTTP://web"], "web-1\n", "", 0),
        (&["-s", "--", "web"], "web-1\n", "", 0),
        (&["http://web:80/a/b?c=d"], "web-1\n", "", 0),
        (&["-sSf", "http://10.96.0.7/"], "web-1\n", "", 0),
        (&["-so", "/dev/null", "web"], "", "", 0),
        (&["pods"], "web-1\n", "", 0),
    ]);
}

#[test]
fn words_and_places_that_curl_does_not_take() {
    assert_each(&[
        (&[], "", &format!("curl: (2) no URL specified\n{HELP}"), 2),
        (&["http://"], "", "curl: (3) URL rejected: No host part in the URL\n", 3),
        (
            &["web:99999"],
            "",
            "curl: (3) URL rejected: Port number was not a decimal number between 0 and 65535\n",
            3,
        ),
        (
            &["web:+80"],
            "",
            "curl: (3) URL rejected: Port number was not a decimal number between 0 and 65535\n",
            3,
        ),
        (&["ftp://web"], "", "curl: (1) Protocol \"ftp\" not supported\n", 1),
    ]);
}

#[test]
fn nobody_is_reached() {
    let none = "Could not connect to server";
    assert_each(&[
        (
            &["nosuch"],
            "",
            "curl: (6) Could not resolve host: nosuch\n\
             note: NXDOMAIN after 8 questions; `nslookup nosuch` says more\n",
            6,
        ),
        (
            &["web:81"],
            "",
            &format!(
                "curl: (7) Failed to connect to web port 81 after 0 ms: {none}\nnote: no endpoint\n"
            ),
            7,
        ),
        (&["-s", "web:81"], "", "", 7),
        (
            &["web:82"],
            "",
            &format!(
                "curl: (28) Failed to connect to web port 82 after 127000 ms: {none}\nnote: no rule\n"
            ),
            28,
        ),
        (
            &["-m2", "web:82"],
            "",
            "curl: (28) Connection timed out after 2000 milliseconds\nnote: no rule\n",
            28,
        ),
        (
            &["--connect-timeout", "0.5", "web:82"],
            "",
            "curl: (28) Failed to connect to web port 82 after 500 ms: Timeout was reached\n\
             note: no rule\n",
            28,
        ),
        (
            &["https://web"],
            "",
            "curl: (35) TLS connect error: error:0A00010B:SSL routines::wrong version number\n\
             note: the simulated programs speak HTTP only\n",
            35,
        ),
        (&["-m"], "", &format!("curl: option -m: requires parameter\n{HELP}"), 2),
        (
            &["-m", "soon", "web"],
            "",
            &format!("curl: option -m: expected a proper numerical parameter\n{HELP}"),
            2,
        ),
        (
            &["-m-1", "web"],
            "",
            &format!("curl: option -m-1: expected a positive numerical parameter\n{HELP}"),
            2,
        ),
        (
            &["http://$(WEB_SERVICE_HOST)/"],
            "",
            "curl: (3) URL rejected: Bad hostname\n\
             note: no shell is between; `printenv` shows what $(WEB_SERVICE_HOST) is\n",
            3,
        ),
    ]);
}

use std::net::IpAddr;

use super::{
    super::{Connection, Lookup, wget},
    *,
};

/// A container whose cluster has `web`, with a port for each thing that can happen.
struct Container;

impl Inside for Container {
    fn service_variables(&self) -> Vec<(String, String)> {
        Vec::new()
    }

    fn resolv_conf(&self) -> String {
        String::new()
    }

    fn name_server(&self) -> IpAddr {
        IpAddr::from([10, 96, 0, 10])
    }

    fn look_up(&self, name: &str) -> Result<Lookup, String> {
        let (addresses, outcome) = match name {
            "web" => (vec![IpAddr::from([10, 96, 0, 7])], "NOERROR".to_owned()),
            "pods" => {
                let pods = [IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2])];
                (pods.to_vec(), "NOERROR".to_owned())
            }
            _ => (Vec::new(), "NXDOMAIN".to_owned()),
        };
        Ok(Lookup { addresses, outcome, queries: 8, ..Lookup::default() })
    }

    fn connect(&self, address: IpAddr, port: u16) -> Connection {
        match (address.to_string().as_str(), port) {
            ("10.96.0.7", 80 | 443) | ("10.0.0.2", 80) => Connection::Answered("web-1".to_owned()),
            ("10.96.0.7", 81) => Connection::Refused("no endpoint".to_owned()),
            ("10.0.0.1", _) => Connection::Refused("nobody listens".to_owned()),
            _ => Connection::Unanswered("no rule".to_owned()),
        }
    }
}

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
        (&["http://web:80/a/b?c=d"], "web-1\n", "", 0),
        (&["-sSf", "http://10.96.0.7/"], "web-1\n", "", 0),
        (&["-so", "/dev/null", "web"], "", "", 0),
        (&["pods"], "web-1\n", "", 0),
    ]);
}

#[test]
fn words_and_places_that_curl_does_not_take() {
    assert_each(&[
        (&[], "", "curl: (2) no URL specified\n", 2),
        (&["http://"], "", "curl: (3) URL rejected: No host part in the URL\n", 3),
        (
            &["web:99999"],
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
        (&["-m"], "", "curl: option -m: requires parameter\n", 2),
        (&["-m", "soon", "web"], "", "curl: option -m: expected a proper numerical parameter\n", 2),
        (
            &["http://$(WEB_SERVICE_HOST)/"],
            "",
            "curl: (3) URL rejected: Bad hostname\n\
             note: no shell is between; `printenv` shows what $(WEB_SERVICE_HOST) is\n",
            3,
        ),
    ]);
}

#[test]
fn wget_says_it_in_its_own_words() {
    let cases: &[Case<'_>] = &[
        (&["-qO-", "http://web"], "web-1\n", "", 0),
        (&["-O-", "web"], "web-1\n", "Connecting to web (10.96.0.7:80)\nwriting to stdout\n", 0),
        (
            &["-q", "-O", "-", "-T", "2", "web:81"],
            "",
            "wget: can't connect to remote host (10.96.0.7): Connection refused\nnote: no endpoint\n",
            1,
        ),
        (&["-qO-", "--timeout=2", "web:82"], "", "wget: download timed out\nnote: no rule\n", 1),
        (
            &["nosuch"],
            "",
            "wget: bad address 'nosuch'\n\
             note: NXDOMAIN after 8 questions; `nslookup nosuch` says more\n",
            1,
        ),
        (&["gopher://web"], "", "wget: not an http or ftp url: gopher://web\n", 1),
        (&[], "", "error: wget takes one URL here, with -q, -O- and -T SECONDS\n", 1),
        (
            &["-O", "file", "web"],
            "",
            "error: wget takes one URL here, with -q, -O- and -T SECONDS\n",
            1,
        ),
    ];
    for (words, stdout, stderr, code) in cases {
        let printed = wget::run(words, &Container);
        let expected = (*stdout, *stderr, *code);
        assert_eq!((&*printed.stdout, &*printed.stderr, printed.code), expected, "{words:?}");
    }
}

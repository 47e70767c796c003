use super::{super::fake::Container, *};

/// A command line, its stdout and its stderr; it goes well where there is a stdout.
type Case<'a> = (&'a [&'a str], &'a str, &'a str);

fn assert_each(cases: &[Case<'_>]) {
    for (words, stdout, stderr) in cases {
        let printed = run(words, &Container);
        let expected = (*stdout, *stderr, u8::from(stdout.is_empty()));
        assert_eq!((&*printed.stdout, &*printed.stderr, printed.code), expected, "{words:?}");
    }
}

#[test]
fn a_pod_answers_with_its_name() {
    assert_each(&[
        (&["-qO-", "http://web"], "web-1\n", ""),
        (&["-q", "-T2", "-O", "-", "web"], "web-1\n", ""),
        (&["-O-", "web"], "web-1\n", "Connecting to web (10.96.0.7:80)\nwriting to stdout\n"),
        (&["web:80/a"], "web-1\n", "Connecting to web:80 (10.96.0.7:80)\nwriting to stdout\n"),
    ]);
}

#[test]
fn nobody_is_reached() {
    let timed_out =
        "can't connect to remote host (10.96.0.7): Connection timed out\nnote: no rule\n";
    assert_each(&[
        (
            &["web:81"],
            "",
            "Connecting to web:81 (10.96.0.7:81)\n\
             wget: can't connect to remote host (10.96.0.7): Connection refused\nnote: no endpoint\n",
        ),
        // The second address would answer.
        (
            &["-q", "pods"],
            "",
            "wget: can't connect to remote host (10.0.0.1): Connection refused\n\
             note: nobody listens\n",
        ),
        (&["-qO-", "web:82"], "", &format!("wget: {timed_out}")),
        (&["-qT", "0", "web:82"], "", &format!("{WRONG_USE}\n")),
        (&["-q", "-T", "0", "web:82"], "", &format!("wget: {timed_out}")),
        (&["-q", "-T", "200", "web:82"], "", &format!("wget: {timed_out}")),
        (&["-q", "--timeout=2", "web:82"], "", "wget: download timed out\nnote: no rule\n"),
        (
            &["nosuch:8080"],
            "",
            "wget: bad address 'nosuch:8080'\n\
             note: NXDOMAIN after 8 questions; `nslookup nosuch` says more\n",
        ),
    ]);
}

#[test]
fn words_that_wget_does_not_take() {
    let wrong = format!("{WRONG_USE}\n");
    assert_each(&[
        (&["gopher://web"], "", "wget: not an http or ftp url: gopher://web\n"),
        (&["HTTP://web"], "", "wget: not an http or ftp url: HTTP://web\n"),
        (&["web:99999"], "", "wget: bad port spec 'web:99999'\n"),
        (&["--timeout=soon", "web"], "", "wget: invalid number 'soon'\n"),
        (&["-Tsoon", "web"], "", "wget: invalid number 'soon'\n"),
        (&["-T", "-1", "web"], "", "wget: invalid number '-1'\n"),
        (&[], "", &wrong),
        (&["-", "web"], "", &wrong),
        (&["-O", "file", "web"], "", &wrong),
    ]);
}

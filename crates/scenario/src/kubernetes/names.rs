//! Names, label keys and label values, with the API server's own words for what is wrong
//! (`apimachinery/pkg/util/validation/validation.go`).

use api::names::{is_label, port_name_problems};

/// A check of a name; `Err` with what is wrong.
pub(super) type NameCheck = fn(&str) -> Result<(), String>;

const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const DNS_1035: &str = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const QUALIFIED: &str = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const LABEL_VALUE: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

fn check(holds: bool, detail: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(detail.to_owned()) }
}

fn at_most(text: &str, most: usize, unit: &str) -> Result<(), String> {
    check(text.len() <= most, &format!("must be no more than {most} {unit}"))
}

/// Whether a text can be the name of most objects.
pub(crate) fn is_subdomain(text: &str) -> Result<(), String> {
    at_most(text, 253, "characters")?;
    check(text.split('.').all(is_label), SUBDOMAIN)
}

/// Whether a text can be the name of a host with its domain, with a dot at its end or without
/// (`IsFullyQualifiedDomainName`).
pub(super) fn is_fully_qualified(text: &str) -> Result<(), String> {
    let name = text.strip_suffix('.').unwrap_or(text);
    is_subdomain(name)?;
    check(name.contains('.'), "should be a domain with at least two segments separated by dots")?;
    name.split('.').try_for_each(is_label_name)
}

/// Whether a text can be the name of a container, a namespace or a Service port.
pub(super) fn is_label_name(text: &str) -> Result<(), String> {
    at_most(text, 63, "characters")?;
    check(is_label(text), LABEL)
}

/// Whether a text can be the name of a Service: a label, as DNS is asked for it.
pub(super) fn is_service_name(text: &str) -> Result<(), String> {
    check(!text.contains('.'), "must not contain dots")?;
    is_label_name(text)
}

/// Whether a text can be the name of a Service where names may not begin with a digit.
pub(super) fn is_dns_1035_label(text: &str) -> Result<(), String> {
    at_most(text, 63, "characters")?;
    let letter = text.bytes().next().is_some_and(|b| b.is_ascii_lowercase());
    check(letter && is_label(text), DNS_1035)
}

/// Whether a text can be the name of a container port (`IsValidPortName`).
pub(super) fn is_port_name(text: &str) -> Result<(), String> {
    check_all(&port_name_problems(text))
}

fn check_all(problems: &[&'static str]) -> Result<(), String> {
    problems.first().map_or(Ok(()), |problem| Err((*problem).to_owned()))
}

fn is_qualified(text: &str) -> bool {
    let inner = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    let edge = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_alphanumeric());
    text.bytes().all(inner) && edge(text.bytes().next()) && edge(text.bytes().last())
}

/// Whether a text can be the key of a label: a name, after a domain and a slash if need be.
pub(super) fn is_label_key(text: &str) -> Result<(), String> {
    let name = match text.split_once('/') {
        Some((prefix, name)) => {
            is_subdomain(prefix).map_err(|detail| format!("prefix part {detail}"))?;
            name
        }
        None => text,
    };
    check(!name.is_empty(), "name part must be non-empty")?;
    check(name.len() <= 63, "name part must be no more than 63 bytes")?;
    check(is_qualified(name), QUALIFIED)
}

/// Whether a text can be the value of a label.
pub(super) fn is_label_value(text: &str) -> Result<(), String> {
    at_most(text, 63, "bytes")?;
    check(text.is_empty() || is_qualified(text), LABEL_VALUE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked_as_the_api_server_does() {
        let long = "a".repeat(64);
        let cases: [(NameCheck, &[&str], &[&str]); 6] = [
            (is_fully_qualified, &["a.b", "db.example.com."], &["", ".", "a", "a.", "A.b", "a..b"]),
            (is_label_name, &["a", "1a", "a-b"], &["", "-a", "a-", "A", "a.b", "a_b", &long]),
            (is_subdomain, &["a.b", "my-web", &long], &["a..b", "My", "a_b", ".a"]),
            (
                is_port_name,
                &["http", "h2c", "a-1"],
                &["123", "a--b", "-a", "HTTP", "aaaaaaaaaaaaaaaa"],
            ),
            (is_label_key, &["app", "a.b/c_D", "App"], &["", "a b", "/a", "A/b", "a/b/c", &long]),
            (is_label_value, &["", "v1.2_x", "A"], &["a b", "-a", "a/b", &long]),
        ];
        for (holds, good, bad) in cases {
            assert!(good.iter().all(|text| holds(text).is_ok()), "{good:?}");
            assert!(bad.iter().all(|text| holds(text).is_err()), "{bad:?}");
        }
    }
}

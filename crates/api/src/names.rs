//! What may be the name of something, as far as not only manifests say it
//! (`apimachinery/pkg/util/validation/validation.go`).

/// Everything that is wrong with the name of a container port, in the API server's words
/// (`IsValidPortName`).
#[must_use]
pub fn port_name_problems(text: &str) -> Vec<&'static str> {
    let alphanumeric = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    let checks = [
        (text.len() <= 15, "must be no more than 15 characters"),
        (
            !text.is_empty() && text.bytes().all(alphanumeric),
            "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)",
        ),
        (text.bytes().any(|b| b.is_ascii_lowercase()), "must contain at least one letter (a-z)"),
        (!text.contains("--"), "must not contain consecutive hyphens"),
        (!text.starts_with('-') && !text.ends_with('-'), "must not begin or end with a hyphen"),
    ];
    checks.into_iter().filter(|(holds, _)| !holds).map(|(_, detail)| detail).collect()
}

/// Whether a text is a label of DNS, as RFC 1123 has it, of whatever length.
#[must_use]
pub fn is_label(text: &str) -> bool {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    !text.is_empty() && text.bytes().all(inner) && !text.starts_with('-') && !text.ends_with('-')
}

/// Whether a text can be the name of most objects, or of a host (`IsDNS1123Subdomain`).
#[must_use]
pub fn is_subdomain(text: &str) -> bool {
    text.len() <= 253 && text.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_told_everything_that_is_wrong_with_it() {
        let characters = "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)";
        let letter = "must contain at least one letter (a-z)";
        let hyphens = "must not contain consecutive hyphens";
        let ends = "must not begin or end with a hyphen";
        let cases: [(&str, &[&str]); 5] = [
            ("http", &[]),
            ("", &[characters, letter]),
            ("8080", &[letter]),
            ("a--b-", &[hyphens, ends]),
            ("Web_And_Its_Sidecar", &["must be no more than 15 characters", characters]),
        ];
        for (name, problems) in cases {
            assert_eq!(port_name_problems(name), problems, "{name:?}");
        }
    }

    #[test]
    fn a_host_has_labels_with_dots_between_them() {
        let cases =
            [("a", true), ("db.example.com", true), ("", false), ("a..b", false), ("A", false)];
        for (text, holds) in cases {
            assert_eq!(is_subdomain(text), holds, "{text:?}");
        }
    }
}

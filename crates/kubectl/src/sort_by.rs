//! `--sort-by`: objects in the order of a field (`pkg/cmd/get/sorter.go`).
//!
//! *Left out:* texts that are quantities, which kubectl compares by their amount.

use std::cmp::Ordering;

use serde_json::Value;

use crate::json_path::Path;

/// Puts objects in the order of the field at a path, written with or without braces and dot; those
/// that lack it come first.
///
/// # Errors
/// None of them has it, or it is no path.
pub fn sort(objects: &mut [Value], field: &str) -> Result<(), String> {
    let bare = field.strip_prefix('{').and_then(|field| field.strip_suffix('}')).unwrap_or(field);
    let bare = bare.strip_prefix('.').unwrap_or(bare);
    let path = Path::parse(bare)?;
    if !objects.is_empty() && objects.iter().all(|object| path.find(object).is_empty()) {
        return Err(format!(
            "couldn't find any field with path \"{{.{bare}}}\" in the list of objects"
        ));
    }
    objects.sort_by(|left, right| {
        let first = |object| path.find(object).first().copied();
        match (first(left), first(right)) {
            (Some(left), Some(right)) => compare(left, right),
            (left, right) => left.is_some().cmp(&right.is_some()),
        }
    });
    Ok(())
}

fn compare(left: &Value, right: &Value) -> Ordering {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => {
            left.as_f64().partial_cmp(&right.as_f64()).unwrap_or(Ordering::Equal)
        }
        (Value::String(left), Value::String(right)) => natural(left, right),
        (Value::Bool(left), Value::Bool(right)) => left.cmp(right),
        _ => Ordering::Equal,
    }
}

/// Texts in the order in which people count: `web-2` before `web-10` (`sortorder.NaturalLess`).
fn natural(mut left: &str, mut right: &str) -> Ordering {
    loop {
        let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
        let (of_left, of_right) = (digits(left), digits(right));
        if of_left > 0 && of_right > 0 {
            let number = |text: &str, end: usize| text[..end].trim_start_matches('0').to_owned();
            let (a, b) = (number(left, of_left), number(right, of_right));
            let order = a.len().cmp(&b.len()).then_with(|| a.cmp(&b));
            if order.is_ne() {
                return order;
            }
            (left, right) = (&left[of_left..], &right[of_right..]);
            continue;
        }
        let (mut lefts, mut rights) = (left.chars(), right.chars());
        match (lefts.next(), rights.next()) {
            (None, None) => return Ordering::Equal,
            (a, b) if a != b => return a.cmp(&b),
            _ => (left, right) = (lefts.as_str(), rights.as_str()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn objects_come_in_the_order_of_a_field() {
        let object = |name: &str, spec: Value| json!({ "name": name, "spec": spec });
        let objects = [
            object("web-10", json!({ "replicas": 3, "zone": "b" })),
            object("web-9", json!({ "replicas": 12 })),
            object("web-1", json!({ "replicas": 1, "zone": "a" })),
        ];
        let cases = [
            (".name", ["web-1", "web-9", "web-10"]),
            ("{.name}", ["web-1", "web-9", "web-10"]),
            ("spec.replicas", ["web-1", "web-10", "web-9"]),
            (".spec.zone", ["web-9", "web-1", "web-10"]),
        ];
        for (field, expected) in cases {
            let mut sorted = objects.to_vec();
            sort(&mut sorted, field).expect("the field is there");
            let names: Vec<&str> = sorted.iter().filter_map(|it| it["name"].as_str()).collect();
            assert_eq!(names, expected, "{field}");
        }
        let problem = sort(&mut objects.to_vec(), ".nosuch").expect_err("nobody has it");
        assert_eq!(
            problem,
            "couldn't find any field with path \"{.nosuch}\" in the list of objects"
        );
        assert_eq!(sort(&mut [], ".nosuch"), Ok(()));
    }
}

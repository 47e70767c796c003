//! The page of verdicts, `reports/yardsticks.md`.

use std::{collections::BTreeMap, fmt::Write as _};

use super::{chance::Together, finding::Finding, row::Row};

/// What became of a row.
pub(crate) type Answer<'a> = (Row<'a>, Result<Vec<Finding>, &'static str>);

/// The page, with how long it took.
pub(crate) fn page(answers: &[Answer<'_>], together: &Together) -> String {
    let mut page = String::from(HEAD);
    summary(&mut page, answers);
    let Together { rows, chi_square, chi_square_mean, spread, lean } = together;
    let text = format!(
        "
**Chance.** Of each row, the first number that was computed or simulated counts, by how many standard errors it is off. Of {rows}
rows the squares add up to {chi_square:.1}, where chance alone makes {chi_square_mean:.1} on average: {spread:+.2} standard \
deviations off. All together
lean to one side by {lean:+.2}. Beyond 4, either way, the test fails.
"
    );
    page.push_str(&text);
    let mut family = "";
    for (row, answer) in answers {
        let Ok(findings) = answer else { continue };
        if row.family() != family {
            family = row.family();
            write!(page, "\n## {family}\n\n{COLUMNS}").expect("a text takes text");
        }
        for finding in findings {
            writeln!(page, "{}", line(row.id(), finding)).expect("a text takes text");
        }
    }
    reasons(&mut page, answers);
    page
}

/// A line of the table.
pub(crate) fn line(id: &str, finding: &Finding) -> String {
    let Finding { what, expected, measured, allowed, .. } = finding;
    let verdict = match finding.is_met() {
        false => "**not met**",
        true if finding.says_little() => "met, but the run says little",
        true => "met",
    };
    let sign = finding.sign();
    let [expected, mean, error, allowed] =
        [*expected, measured.mean, measured.error, *allowed].map(number);
    format!("| {id} | {what} | {sign}{expected} | {mean} | {error} | {allowed} | {verdict} |")
}

/// A number with five digits behind the point, or with an exponent where that would leave none.
fn number(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        small if small < 1e-3 => format!("{value:.2e}"),
        _ => format!("{value:.5}"),
    }
}

fn summary(page: &mut String, answers: &[Answer<'_>]) {
    let mut families: BTreeMap<&str, [usize; 4]> = BTreeMap::new();
    for (row, answer) in answers {
        let counts = families.entry(row.family()).or_default();
        match answer {
            Ok(findings) if !findings.iter().all(Finding::is_met) => counts[1] += 1,
            Ok(findings) if findings.iter().any(Finding::says_little) => counts[2] += 1,
            Ok(_) => counts[0] += 1,
            Err(_) => counts[3] += 1,
        }
    }
    page.push_str(
        "| family | met | not met | met, but says little | no run |\n|---|---|---|---|---|\n",
    );
    let mut all = [0; 4];
    for (family, counts) in families {
        all.iter_mut().zip(counts).for_each(|(all, count)| *all += count);
        let [met, not, little, none] = counts;
        writeln!(page, "| {family} | {met} | {not} | {little} | {none} |")
            .expect("a text takes text");
    }
    let [met, not, little, none] = all;
    writeln!(page, "| **all** | {met} | {not} | {little} | {none} |").expect("a text takes text");
}

fn reasons(page: &mut String, answers: &[Answer<'_>]) {
    let mut left: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for (row, answer) in answers {
        if let Err(reason) = answer {
            left.entry((row.family(), reason)).or_default().push(row.id());
        }
    }
    page.push_str("\n## Rows that no run is about\n\n| family | rows | reason |\n|---|---|---|\n");
    for ((family, reason), rows) in left {
        writeln!(page, "| {family} | {} | {reason} |", rows.join(", ")).expect("a text takes text");
    }
}

const COLUMNS: &str = "| row | what | expected | measured | standard error | allowed | verdict |
|---|---|---|---|---|---|---|
";

const HEAD: &str = "# Yardsticks

Known numbers of balancing beside what runs of the simulator gave: queues behind balancers, the occupancy of pods by connections,
hashing, what a rollout does to kept connections, retries, and what it makes of a policy that many instances of it share the
pods. Times are in mean service times. Made by

```sh
ROLLSIM_BLESS=1 cargo test --workspace --release --test oracles yardsticks -- --nocapture
```

with long runs, most of an hour on two processors. `cargo test` asks the same with shorter ones, a minute or two, and leaves out those
that would take long: \"only in the long runs\".

- A number that was computed is met within four standard errors of the run and one in a hundred (`≈`: and what a limit or an
  approximation is itself off). One that was simulated elsewhere is met within four standard errors of both, without the one in a
  hundred. `≤` and `≥` are bounds, and nothing stands for what has no chance in it.
- Each row has seeds of its own, made of its name. A mean of a queue has its error from 40 parts of a run, of which the first tenth
  is left out; other means have theirs from independent runs.
- A run of a queue is as long as its error should be small: 1.5 % of the mean, twenty times as long where one request in a hundred is
  asked about, or 40 million requests where that is not enough.

";

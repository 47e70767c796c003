//! The reference page is the catalogue: `ROLLSIM_BLESS=1 cargo test -p rollsim-policy --test reference`
//! writes it.

use std::{env, fs, path::Path};

use rollsim_policy::reference;

const HEAD: &str = "\
# Load-balancing policies

Every policy and every layer that can go around one, with what can be set about it: names and defaults are those of the
implementation that is the model. A policy sees what a balancer sees, so twenty nodes have twenty memories. This page is made of
the catalogue in [crates/policy](../crates/policy/src/catalogue.rs); where each policy is used, what it needs to know and when it
goes wrong stands with its code. `rollsim explain envoy.least_request` prints what is here of one of them.

";

#[test]
fn the_page_is_the_catalogue() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/policies.md");
    let page = HEAD.to_owned() + &reference();
    if env::var_os("ROLLSIM_BLESS").is_some() {
        fs::write(&path, &page).expect("the page can be written");
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(found == page, "docs/policies.md is not the catalogue; ROLLSIM_BLESS=1 writes it");
}

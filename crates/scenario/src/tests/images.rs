//! Images that are not described, and descriptions that nobody uses: what is advised.

use super::{
    findings, load_files,
    scenarios::{APP, QUIET, with_scenario},
    shown,
};

#[test]
fn images_are_advised_that_are_there() {
    let with = |images: &str, app: &str| {
        let text = with_scenario(&QUIET.replace("{ web:v1: {} }", images)).replace(APP, app);
        load_files(&["app.yaml"], &[("app.yaml", &text)])
    };
    // `web:v1` is described, so it is not what was meant, but neither is `proxy:v1` the only image.
    let sidecar = "      - { name: proxy, image: 'a-proxy:v1' }\n      - name: web\n";
    let two = APP.replace("      - name: web\n", sidecar);
    let loaded = with("{ web:v1: {}, database: {} }", &two);
    let said = shown(&loaded);
    assert!(findings(&loaded).iter().any(|it| it.starts_with("RS0211")), "{said}");
    assert!(!said.contains("only image") && said.contains("leave it out, or use it"), "{said}");
    // The example is the container with a port.
    let said = shown(&with("{}", &two));
    assert!(said.contains("how images `web:v1` and `a-proxy:v1` behave"), "{said}");
    assert!(said.contains("add `\"web:v1\": {"), "{said}");
}

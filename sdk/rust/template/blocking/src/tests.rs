//! Tries the plugin against a fake host, which also holds it against the rules of the header.
use super::batten_plugin_entry_v1;
use batten_plugin::testing::FakeHost;

#[test]
fn greets() {
    let host = FakeHost::new(batten_plugin_entry_v1);
    assert!(host.start("{}"));
    let end = host.run("@ID@.greet", r#"{"name": "Ada"}"#).expect("the call ends");
    assert_eq!((end.class, end.output.as_str()), (100, r#"{"greeting":"Hello, Ada"}"#));
    assert_eq!(host.end(), 0);
}

//! Tries the plugin against a fake host, which also holds it against the rules of the header.
use super::batten_plugin_entry_v1;
use batten_plugin::testing::FakeHost;

#[test]
fn waits_and_can_be_cancelled() {
    let host = FakeHost::new(batten_plugin_entry_v1);
    assert!(host.start("{}"));
    let long_one = host.call("@ID@.wait", "{}", r#"{"ms": 600000}"#).expect("the call begins");
    let end = host.run("@ID@.wait", r#"{"ms": 5}"#).expect("the call ends");
    assert_eq!((end.class, end.output.as_str()), (100, r#"{"waited":true}"#));
    host.cancel(long_one, 1);
    assert_eq!(host.wait(long_one, 1000).expect("it ends").class, 400);
    assert_eq!(host.end(), 0);
}

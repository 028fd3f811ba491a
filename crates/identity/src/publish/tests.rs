//! Every change is seen by the edge.

use crate::testing::TestCore;

#[tokio::test]
async fn a_started_node_is_ready_with_tenants_roles_and_keys() {
    let node = TestCore::start().await;
    let edge = &node.core.edge;
    assert!(edge.is_ready());
    assert_eq!(&*node.tenant().slug, "default");
    let key = node.core.signers.active(node.tenant().id).expect("a key that signs");
    assert!(edge.keys.load().accepts(key.kid()));
    assert!(edge.access.load().role(node.tenant().id, "user").is_some());
}

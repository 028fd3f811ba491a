//! Whether messages leave: what the last attempt of each channel came to. Asking costs nobody a
//! connection.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use kernel::edge::HealthCheck;

use super::Channel;
use crate::Core;

struct Way(Arc<Core>, Channel);

impl HealthCheck for Way {
    fn name(&self) -> String {
        self.1.as_str().to_owned()
    }
    fn check(&self) -> BoxFuture<'_, Result<(), String>> {
        let trouble = self.0.outbox.trouble(self.1).lock().clone();
        Box::pin(std::future::ready(trouble.map_or(Ok(()), Err)))
    }
}

/// How mail and text messages are, for `/health`: as the last attempt on this node said.
pub fn checks(core: &Arc<Core>) -> Vec<Arc<dyn HealthCheck>> {
    vec![Arc::new(Way(core.clone(), Channel::Mail)), Arc::new(Way(core.clone(), Channel::Sms))]
}

pub mod authn;
pub mod authz;
pub mod limit;
pub mod tenant;

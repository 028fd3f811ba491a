//! Starting, and what the operator does.

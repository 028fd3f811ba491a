mod escalation;
mod filter;
mod flow;
mod isolation;

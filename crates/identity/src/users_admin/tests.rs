mod escalation;
mod filter;
mod flow;
mod impersonation;
mod isolation;

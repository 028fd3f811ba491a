mod escalation;
mod flow;
mod model;

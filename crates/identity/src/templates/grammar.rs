//! What a template may be made of: values, `if`, and four filters.
//!
//! Bounding the instructions of a rendering is not enough: one operator of the language can do any amount of work, a
//! comparison of nested lists, say. So the parsed template is walked, and what is not known to cost as little as it
//! looks is refused. Before that its words are counted: whoever parses, walks or runs it goes as deep as it is nested,
//! and every level takes a piece of the thread's stack.

use minijinja::{
    Error,
    machinery::{
        Token,
        ast::{BinOpKind, CompareOpKind, Expr, Spanned, Stmt, UnaryOpKind},
        parse, tokenize,
    },
    syntax::SyntaxConfig,
    value::ValueKind,
};

/// Most statements.
const MAX_STATEMENTS: usize = 100;
/// Most words and signs between a pair of braces.
const MAX_WORDS: usize = 32;
/// Filters that there are.
const FILTERS: [&str; 4] = ["upper", "lower", "trim", "length"];

/// What was found, and in which line.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) line: usize,
    pub(super) message: String,
}

impl Refused {
    pub(super) fn new(line: usize, message: impl Into<String>) -> Self {
        Self { line, message: message.into() }
    }
}

/// A piece of a template that was let through, in the order of its text.
#[derive(Debug)]
pub(super) enum Piece<'a> {
    /// Text as it stands there.
    Raw { text: &'a str, line: usize },
    /// A value.
    Value { shown: Shown<'a>, line: usize },
    /// Either these or those.
    Choice { branches: [Vec<Piece<'a>>; 2], line: usize },
}

/// What is written in the place of a value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Shown<'a> {
    /// A variable as it is.
    Plain(&'a str),
    /// Something made of values.
    Made,
}

/// Reads a template.
pub(super) fn read(text: &str) -> Result<Vec<Piece<'_>>, Refused> {
    bound(text)?;
    match parse(text, "message", SyntaxConfig::default()).map_err(|error| syntax(&error))? {
        Stmt::Template(template) => pieces(&template.children),
        _ => Err(Refused::new(1, "is no template")),
    }
}

/// Refuses what nests, or might nest, too deeply.
fn bound(text: &str) -> Result<(), Refused> {
    let (mut statements, mut words) = (0, 0);
    for token in tokenize(text, false, SyntaxConfig::default()) {
        let (token, span) = token.map_err(|error| syntax(&error))?;
        match token {
            Token::TemplateData(_) | Token::VariableStart => words = 0,
            Token::BlockStart => (statements, words) = (statements + 1, 0),
            _ => words += 1,
        }
        if words > MAX_WORDS {
            return Err(Refused::new(span.start_line.into(), format!("more than {MAX_WORDS} words in one expression")));
        }
        if statements > MAX_STATEMENTS {
            return Err(Refused::new(span.start_line.into(), format!("more than {MAX_STATEMENTS} statements")));
        }
    }
    Ok(())
}

fn syntax(error: &Error) -> Refused {
    let message = match error.detail() {
        Some(detail) => format!("{}: {detail}", error.kind()),
        None => error.kind().to_string(),
    };
    Refused::new(error.line().unwrap_or(1), message)
}

fn line<T>(of: &Spanned<T>) -> usize {
    of.span().start_line.into()
}

fn pieces<'a>(statements: &[Stmt<'a>]) -> Result<Vec<Piece<'a>>, Refused> {
    statements.iter().map(piece).collect()
}

fn piece<'a>(statement: &Stmt<'a>) -> Result<Piece<'a>, Refused> {
    Ok(match statement {
        Stmt::EmitRaw(raw) => Piece::Raw { text: raw.raw, line: line(raw) },
        Stmt::EmitExpr(emit) => {
            let shown = match &emit.expr {
                Expr::Var(variable) => Shown::Plain(variable.id),
                made => {
                    expression(made, line(emit))?;
                    Shown::Made
                }
            };
            Piece::Value { shown, line: line(emit) }
        }
        Stmt::IfCond(choice) => {
            expression(&choice.expr, line(choice))?;
            Piece::Choice { branches: [pieces(&choice.true_body)?, pieces(&choice.false_body)?], line: line(choice) }
        }
        other => {
            let (name, line) = statement_name(other);
            return Err(Refused::new(line, format!("`{name}` is not available: use if, elif and else")));
        }
    })
}

fn statement_name(statement: &Stmt<'_>) -> (&'static str, usize) {
    match statement {
        Stmt::ForLoop(s) => ("for", line(s)),
        Stmt::Set(s) => ("set", line(s)),
        Stmt::SetBlock(s) => ("set", line(s)),
        Stmt::WithBlock(s) => ("with", line(s)),
        Stmt::AutoEscape(s) => ("autoescape", line(s)),
        Stmt::FilterBlock(s) => ("filter", line(s)),
        Stmt::Block(s) => ("block", line(s)),
        Stmt::Import(s) => ("import", line(s)),
        Stmt::FromImport(s) => ("from", line(s)),
        Stmt::Extends(s) => ("extends", line(s)),
        Stmt::Include(s) => ("include", line(s)),
        Stmt::Do(s) => ("do", line(s)),
        _ => ("this", 1),
    }
}

/// Values, constants, `==`, `!=`, `and`, `or`, `not` and filters without arguments.
fn expression(expr: &Expr<'_>, at: usize) -> Result<(), Refused> {
    let refused = |what: &str| Err(Refused::new(at, format!("{what} is not available: compare with == and !=")));
    match expr {
        Expr::Var(_) => Ok(()),
        Expr::Const(constant) => match constant.value.kind() {
            ValueKind::String | ValueKind::Number | ValueKind::Bool | ValueKind::None => Ok(()),
            _ => refused("a list or map"),
        },
        Expr::UnaryOp(not) if matches!(not.op, UnaryOpKind::Not) => expression(&not.expr, at),
        Expr::BinOp(both) if matches!(both.op, BinOpKind::Eq | BinOpKind::Ne | BinOpKind::ScAnd | BinOpKind::ScOr) => {
            expression(&both.left, at)?;
            expression(&both.right, at)
        }
        Expr::Compare(compared) => {
            expression(&compared.expr, at)?;
            for op in &compared.ops {
                if !matches!(op.op, CompareOpKind::Eq | CompareOpKind::Ne) {
                    return refused("this comparison");
                }
                expression(&op.expr, at)?;
            }
            Ok(())
        }
        Expr::Filter(filter) => {
            if !FILTERS.contains(&filter.name) {
                return Err(Refused::new(at, format!("the filter `{}` is unknown", filter.name)));
            }
            if !filter.args.is_empty() {
                return refused("an argument of a filter");
            }
            filter.expr.as_ref().map_or(Ok(()), |inner| expression(inner, at))
        }
        Expr::List(_) | Expr::Tuple(_) | Expr::Map(_) => refused("a list or map"),
        Expr::Call(_) => refused("a call"),
        Expr::Test(_) => refused("a test"),
        Expr::IfExpr(_) => refused("`if` within a value"),
        Expr::GetAttr(_) | Expr::GetItem(_) | Expr::Slice(_) => refused("a part of a value"),
        Expr::UnaryOp(_) | Expr::BinOp(_) => refused("arithmetic"),
    }
}

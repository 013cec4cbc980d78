//! Which names a template uses, and whether it says what to do where one is missing.

use std::collections::HashSet;

use minijinja::machinery::{
    ast::{BinOpKind, CallArg, Expr, Filter, Stmt},
    parse,
};
use minijinja::{Value, syntax::SyntaxConfig};

/// One use of a name: `nodes.answer.text` in `{{ nodes.answer.text or "…" }}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reference {
    /// The first name: `nodes`.
    pub(crate) root: String,
    /// The keys after it, as far as they are constant: `answer`, `text`.
    pub(crate) path: Vec<String>,
    /// Whether the expression says what to use when the value is missing.
    pub(crate) guarded: bool,
    /// Paths, root first, of which one must be missing before this one is looked at: `a.x` for `b.y` in
    /// `a.x or b.y`.
    pub(crate) instead_of: Vec<Vec<String>>,
}

/// A filter, test or function that a template calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Called {
    Filter(String),
    Test(String),
    Function(String),
}

/// Everything that a template uses. A template that does not parse gives nothing; compiling it
/// says what is wrong.
pub(crate) fn collect(source: &str) -> (Vec<Reference>, Vec<Called>) {
    let mut walk = Walk::default();
    if let Ok(template) = parse(source, "template", SyntaxConfig::default()) {
        walk.statement(&template);
    }
    (walk.references, walk.called)
}

#[derive(Default)]
struct Walk {
    references: Vec<Reference>,
    called: Vec<Called>,
    /// Names that the template itself sets.
    local: HashSet<String>,
    /// Paths that a condition around this place has tested.
    tested: Vec<Vec<String>>,
    /// How many operators around this place give something else for a missing value.
    guards: usize,
    /// Paths that this place stands in for when they are missing.
    instead_of: Vec<Vec<String>>,
}

impl Walk {
    fn statements(&mut self, statements: &[Stmt]) {
        for statement in statements {
            self.statement(statement);
        }
    }

    fn statement(&mut self, statement: &Stmt) {
        match statement {
            Stmt::Template(template) => self.statements(&template.children),
            Stmt::EmitExpr(emit) => self.expression(&emit.expr),
            Stmt::ForLoop(each) => {
                self.expression(&each.iter);
                self.bind(&each.target);
                self.local.insert("loop".to_owned());
                each.filter_expr.iter().for_each(|filter| self.expression(filter));
                self.statements(&each.body);
                self.statements(&each.else_body);
            }
            Stmt::IfCond(condition) => {
                self.guarded(&condition.expr);
                self.where_tested(&condition.expr, |walk| walk.statements(&condition.true_body));
                self.statements(&condition.false_body);
            }
            Stmt::WithBlock(with) => {
                for (target, value) in &with.assignments {
                    self.expression(value);
                    self.bind(target);
                }
                self.statements(&with.body);
            }
            Stmt::Set(set) => {
                self.expression(&set.expr);
                self.bind(&set.target);
            }
            Stmt::SetBlock(set) => {
                set.filter.iter().for_each(|filter| self.expression(filter));
                self.statements(&set.body);
                self.bind(&set.target);
            }
            Stmt::AutoEscape(block) => self.statements(&block.body),
            Stmt::FilterBlock(block) => {
                self.expression(&block.filter);
                self.statements(&block.body);
            }
            Stmt::Macro(declared) => {
                self.local.insert(declared.name.to_owned());
                declared.args.iter().for_each(|argument| self.bind(argument));
                declared.defaults.iter().for_each(|default| self.expression(default));
                self.statements(&declared.body);
            }
            Stmt::CallBlock(block) => {
                self.expression(&block.call.expr);
                self.arguments(&block.call.args);
                self.statements(&block.macro_decl.body);
            }
            Stmt::Do(call) => {
                self.expression(&call.call.expr);
                self.arguments(&call.call.args);
            }
            // Raw text uses nothing. Blocks, imports and includes name other templates; there are none,
            // so they fail when they are compiled or rendered.
            _ => {}
        }
    }

    fn bind(&mut self, target: &Expr) {
        match target {
            Expr::Var(variable) => drop(self.local.insert(variable.id.to_owned())),
            Expr::List(list) => list.items.iter().for_each(|item| self.bind(item)),
            Expr::Tuple(tuple) => tuple.items.iter().for_each(|item| self.bind(item)),
            _ => {}
        }
    }

    fn guarded(&mut self, expression: &Expr) {
        self.guards += 1;
        self.expression(expression);
        self.guards -= 1;
    }

    /// Visits what is only reached when the condition held: what it tested is not missing there.
    fn where_tested(&mut self, condition: &Expr, visit: impl FnOnce(&mut Self)) {
        let before = self.tested.len();
        tested_paths(condition, &mut self.tested);
        visit(self);
        self.tested.truncate(before);
    }

    /// Visits what is used when these alternatives are missing.
    fn instead_of(&mut self, alternatives: &Expr, visit: impl FnOnce(&mut Self)) {
        let before = self.instead_of.len();
        alternative_paths(alternatives, &mut self.instead_of);
        visit(self);
        self.instead_of.truncate(before);
    }

    fn arguments(&mut self, arguments: &[CallArg]) {
        for argument in arguments {
            match argument {
                CallArg::Pos(value)
                | CallArg::Kwarg(_, value)
                | CallArg::PosSplat(value)
                | CallArg::KwargSplat(value) => {
                    self.expression(value);
                }
            }
        }
    }

    fn expression(&mut self, expression: &Expr) {
        if let Some((root, path)) = constant_path(expression) {
            return self.refer(root, path);
        }
        match expression {
            Expr::Var(_) | Expr::Const(_) => {}
            Expr::GetAttr(get) => self.expression(&get.expr),
            Expr::GetItem(get) => {
                self.expression(&get.expr);
                self.expression(&get.subscript_expr);
            }
            Expr::Slice(slice) => {
                self.expression(&slice.expr);
                [&slice.start, &slice.stop, &slice.step]
                    .into_iter()
                    .flatten()
                    .for_each(|e| self.expression(e));
            }
            Expr::UnaryOp(operation) => self.expression(&operation.expr),
            Expr::BinOp(operation) => match operation.op {
                BinOpKind::ScOr => {
                    self.guarded(&operation.left);
                    self.instead_of(&operation.left, |walk| walk.expression(&operation.right));
                }
                BinOpKind::ScAnd => {
                    self.guarded(&operation.left);
                    self.where_tested(&operation.left, |walk| walk.expression(&operation.right));
                }
                _ => {
                    self.expression(&operation.left);
                    self.expression(&operation.right);
                }
            },
            Expr::Compare(compare) => {
                self.expression(&compare.expr);
                compare.ops.iter().for_each(|op| self.expression(&op.expr));
            }
            Expr::IfExpr(choice) => {
                self.guarded(&choice.test_expr);
                self.where_tested(&choice.test_expr, |walk| walk.expression(&choice.true_expr));
                choice.false_expr.iter().for_each(|otherwise| self.expression(otherwise));
            }
            Expr::Filter(filter) => self.filter(filter),
            Expr::Test(test) => {
                self.called.push(Called::Test(test.name.to_owned()));
                self.guarded(&test.expr);
                self.arguments(&test.args);
            }
            Expr::Call(call) => {
                match &call.expr {
                    Expr::Var(function) if !self.local.contains(function.id) => {
                        self.called.push(Called::Function(function.id.to_owned()));
                    }
                    // A method: `input.query.upper()` uses `input.query`.
                    Expr::GetAttr(method) => self.expression(&method.expr),
                    other => self.expression(other),
                }
                self.arguments(&call.args);
            }
            Expr::List(list) => list.items.iter().for_each(|item| self.expression(item)),
            Expr::Tuple(tuple) => tuple.items.iter().for_each(|item| self.expression(item)),
            Expr::Map(map) => map.keys.iter().chain(&map.values).for_each(|entry| self.expression(entry)),
        }
    }

    fn filter(&mut self, filter: &Filter) {
        self.called.push(Called::Filter(filter.name.to_owned()));
        match &filter.expr {
            Some(value) if matches!(filter.name, "default" | "d") => {
                self.guarded(value);
                self.instead_of(value, |walk| walk.arguments(&filter.args));
            }
            Some(value) => {
                self.expression(value);
                self.arguments(&filter.args);
            }
            None => self.arguments(&filter.args),
        }
    }

    fn refer(&mut self, root: &str, path: Vec<String>) {
        if self.local.contains(root) {
            return;
        }
        let whole: Vec<String> = std::iter::once(root.to_owned()).chain(path.iter().cloned()).collect();
        let guarded = self.guards > 0 || self.tested.iter().any(|tested| whole.starts_with(tested));
        let instead_of = self.instead_of.clone();
        self.references.push(Reference { root: root.to_owned(), path, guarded, instead_of });
    }
}

/// `a.b["c"]` as `a` and `b`, `c`; `None` when the expression is no constant path.
fn constant_path<'e>(expression: &'e Expr) -> Option<(&'e str, Vec<String>)> {
    match expression {
        Expr::Var(variable) => Some((variable.id, Vec::new())),
        Expr::GetAttr(get) => {
            let (root, mut path) = constant_path(&get.expr)?;
            path.push(get.name.to_owned());
            Some((root, path))
        }
        Expr::GetItem(get) => {
            let (root, mut path) = constant_path(&get.expr)?;
            match &get.subscript_expr {
                Expr::Const(key) => path.push(key_text(&key.value)),
                _ => return None,
            }
            Some((root, path))
        }
        _ => None,
    }
}

fn key_text(key: &Value) -> String {
    key.as_str().map_or_else(|| key.to_string(), str::to_owned)
}

/// The paths that must hold something when the condition is true: `a.b`, `a.b is defined`, `a.b and c`.
fn tested_paths(condition: &Expr, found: &mut Vec<Vec<String>>) {
    if let Some((root, path)) = constant_path(condition) {
        found.push(std::iter::once(root.to_owned()).chain(path).collect());
        return;
    }
    match condition {
        Expr::BinOp(operation) if matches!(operation.op, BinOpKind::ScAnd) => {
            tested_paths(&operation.left, found);
            tested_paths(&operation.right, found);
        }
        Expr::Test(test) if test.name == "defined" => tested_paths(&test.expr, found),
        _ => {}
    }
}

/// The paths that have nothing to give when this has nothing: `a` and `b` of `a or b`.
fn alternative_paths(alternatives: &Expr, found: &mut Vec<Vec<String>>) {
    if let Some((root, path)) = constant_path(alternatives) {
        found.push(std::iter::once(root.to_owned()).chain(path).collect());
    } else if let Expr::BinOp(operation) = alternatives
        && matches!(operation.op, BinOpKind::ScOr)
    {
        alternative_paths(&operation.left, found);
        alternative_paths(&operation.right, found);
    }
}

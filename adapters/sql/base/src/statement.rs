//! A statement in the SQL that all three databases share, with `?` where a value goes.
//!
//! The text is prepared once a connection and kept by diesel's statement cache; values are only ever bound, never written
//! into the text. It never holds a connection.

use diesel::backend::Backend;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::serialize::ToSql;
use diesel::sql_types::{BigInt, Binary, HasSqlType, Nullable, Text};
use diesel_async::methods::{ExecuteDsl, LoadQuery};
use diesel_async::{AsyncConnectionCore, return_futures};
use std::borrow::Cow;
use std::marker::PhantomData;

/// A value to bind.
#[derive(Debug, Clone)]
pub enum Bind<'a> {
    /// A number, a time in ms, a code.
    Int(i64),
    /// The same, or NULL.
    MaybeInt(Option<i64>),
    /// A text.
    Text(Cow<'a, str>),
    /// A text, or NULL.
    MaybeText(Option<Cow<'a, str>>),
    /// Octets.
    Octets(Cow<'a, [u8]>),
    /// Octets, or NULL.
    MaybeOctets(Option<Cow<'a, [u8]>>),
}

macro_rules! from {
    ($($from:ty => $variant:ident by $how:expr;)+) => {$(
        impl<'a> From<$from> for Bind<'a> {
            fn from(value: $from) -> Self {
                let how: fn($from) -> _ = $how;
                Self::$variant(how(value))
            }
        }
    )+};
}

from! {
    i64 => Int by |v| v;
    i16 => Int by i64::from;
    u8 => Int by i64::from;
    u16 => Int by i64::from;
    bool => Int by i64::from;
    usize => Int by |v| i64::try_from(v).unwrap_or(i64::MAX);
    Option<i64> => MaybeInt by |v| v;
    &'a str => Text by Cow::Borrowed;
    String => Text by Cow::Owned;
    Option<&'a str> => MaybeText by |v| v.map(Cow::Borrowed);
    Option<String> => MaybeText by |v| v.map(Cow::Owned);
    &'a [u8] => Octets by Cow::Borrowed;
    Vec<u8> => Octets by Cow::Owned;
    Option<Vec<u8>> => MaybeOctets by |v| v.map(Cow::Owned);
}

impl<'a> Bind<'a> {
    /// Adds itself to a statement.
    fn push<'b, DB>(&'b self, pass: &mut AstPass<'_, 'b, DB>) -> QueryResult<()>
    where
        DB: Backend + HasSqlType<BigInt> + HasSqlType<Text> + HasSqlType<Binary>,
        i64: ToSql<BigInt, DB>,
        str: ToSql<Text, DB>,
        [u8]: ToSql<Binary, DB>,
        Option<i64>: ToSql<Nullable<BigInt>, DB>,
        Option<Cow<'a, str>>: ToSql<Nullable<Text>, DB>,
        Option<Cow<'a, [u8]>>: ToSql<Nullable<Binary>, DB>,
    {
        match self {
            Self::Int(value) => pass.push_bind_param::<BigInt, _>(value),
            Self::MaybeInt(value) => pass.push_bind_param::<Nullable<BigInt>, _>(value),
            Self::Text(value) => pass.push_bind_param::<Text, str>(value),
            Self::MaybeText(value) => pass.push_bind_param::<Nullable<Text>, _>(value),
            Self::Octets(value) => pass.push_bind_param::<Binary, [u8]>(value),
            Self::MaybeOctets(value) => pass.push_bind_param::<Nullable<Binary>, _>(value),
        }
    }
}

/// A statement that answers rows of the SQL types `ST`.
#[derive(Debug, Clone)]
pub struct Sql<'a, ST = ()> {
    text: Cow<'a, str>,
    binds: Vec<Bind<'a>>,
    kept: bool,
    columns: PhantomData<ST>,
}

impl<'a, ST> Sql<'a, ST> {
    /// A statement whose text is always the same: it is kept prepared.
    #[must_use]
    pub fn new(text: impl Into<Cow<'a, str>>, binds: Vec<Bind<'a>>) -> Self {
        Self { text: text.into(), binds, kept: true, columns: PhantomData }
    }

    /// A statement whose text depends on how many values it has: it is not kept.
    #[must_use]
    pub fn varying(text: impl Into<Cow<'a, str>>, binds: Vec<Bind<'a>>) -> Self {
        Self { text: text.into(), binds, kept: false, columns: PhantomData }
    }

    /// Runs it; how many rows it changed. (Inherent, because diesel-async's trait gives every `Vec` a `first` of its own.)
    pub fn run<'c, C>(self, conn: &'c mut C) -> C::ExecuteFuture<'c, 'a>
    where
        C: AsyncConnectionCore,
        Self: ExecuteDsl<C> + 'a,
    {
        ExecuteDsl::execute(self, conn)
    }

    /// Runs it; its rows.
    pub fn rows<'c, C, U>(
        self,
        conn: &'c mut C,
    ) -> impl Future<Output = QueryResult<Vec<U>>> + Send + use<'a, 'c, C, U, ST>
    where
        U: Send + 'c,
        C: AsyncConnectionCore,
        Self: LoadQuery<'a, C, U> + 'a,
        return_futures::LoadFuture<'c, 'a, Self, C, U>: Send,
    {
        diesel_async::RunQueryDsl::load(self, conn)
    }
}

impl<ST> QueryId for Sql<'_, ST> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<ST> Query for Sql<'_, ST> {
    type SqlType = ST;
}

impl<ST, C: diesel::Connection> diesel::RunQueryDsl<C> for Sql<'_, ST> {}

impl<'a, ST, DB> QueryFragment<DB> for Sql<'a, ST>
where
    DB: Backend + HasSqlType<BigInt> + HasSqlType<Text> + HasSqlType<Binary>,
    i64: ToSql<BigInt, DB>,
    str: ToSql<Text, DB>,
    [u8]: ToSql<Binary, DB>,
    Option<i64>: ToSql<Nullable<BigInt>, DB>,
    Option<Cow<'a, str>>: ToSql<Nullable<Text>, DB>,
    Option<Cow<'a, [u8]>>: ToSql<Nullable<Binary>, DB>,
{
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        if !self.kept {
            pass.unsafe_to_cache_prepared();
        }
        weave(self.text.split('?'), &self.binds, &mut pass)
    }
}

/// A statement's text, taken apart at its places.
pub struct Pieces<'a>(Vec<&'a str>);

impl<'a> Pieces<'a> {
    /// Takes a text apart.
    pub fn of(text: &'a str) -> Self {
        Self(text.split('?').collect())
    }
}

/// The same statement for one row after another: known by the type of its rows `T`, so that not even its text is looked at again.
pub struct Repeated<'a, T, ST = ()> {
    pieces: &'a Pieces<'a>,
    binds: Vec<Bind<'a>>,
    rows: PhantomData<(T, ST)>,
}

impl<'a, T, ST> Repeated<'a, T, ST> {
    /// `T` must have this one statement only.
    pub fn new(pieces: &'a Pieces<'a>, binds: Vec<Bind<'a>>) -> Self {
        Self { pieces, binds, rows: PhantomData }
    }
}

impl<T: 'static, ST: 'static> QueryId for Repeated<'_, T, ST> {
    type QueryId = Repeated<'static, T, ST>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<T, ST> Query for Repeated<'_, T, ST> {
    type SqlType = ST;
}

impl<T, ST, C: diesel::Connection> diesel::RunQueryDsl<C> for Repeated<'_, T, ST> {}

impl<'a, T, ST, DB> QueryFragment<DB> for Repeated<'a, T, ST>
where
    DB: Backend + HasSqlType<BigInt> + HasSqlType<Text> + HasSqlType<Binary>,
    i64: ToSql<BigInt, DB>,
    str: ToSql<Text, DB>,
    [u8]: ToSql<Binary, DB>,
    Option<i64>: ToSql<Nullable<BigInt>, DB>,
    Option<Cow<'a, str>>: ToSql<Nullable<Text>, DB>,
    Option<Cow<'a, [u8]>>: ToSql<Nullable<Binary>, DB>,
{
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        weave(self.pieces.0.iter().copied(), &self.binds, &mut pass)
    }
}

fn weave<'a, 'b, 'p, DB>(
    mut pieces: impl Iterator<Item = &'p str>,
    binds: &'b [Bind<'a>],
    pass: &mut AstPass<'_, 'b, DB>,
) -> QueryResult<()>
where
    DB: Backend + HasSqlType<BigInt> + HasSqlType<Text> + HasSqlType<Binary>,
    i64: ToSql<BigInt, DB>,
    str: ToSql<Text, DB>,
    [u8]: ToSql<Binary, DB>,
    Option<i64>: ToSql<Nullable<BigInt>, DB>,
    Option<Cow<'a, str>>: ToSql<Nullable<Text>, DB>,
    Option<Cow<'a, [u8]>>: ToSql<Nullable<Binary>, DB>,
{
    pass.push_sql(pieces.next().unwrap_or_default());
    let mut binds = binds.iter();
    for piece in pieces {
        let Some(bind) = binds.next() else { break };
        bind.push(pass)?;
        pass.push_sql(piece);
    }
    Ok(())
}

/// `(?,?,?)` for so many values; `(NULL)` for none, which nothing equals.
#[must_use]
pub fn places(count: usize) -> String {
    if count == 0 {
        return "(NULL)".to_owned();
    }
    let mut text = String::with_capacity(count * 2 + 1);
    for n in 0..count {
        text.push(if n == 0 { '(' } else { ',' });
        text.push('?');
    }
    text.push(')');
    text
}

/// Rows to insert.
pub trait Record: Send + 'static {
    /// The table.
    const TABLE: &'static str;
    /// Its columns, in the order of the values.
    const COLUMNS: &'static str;
    /// How many values there are.
    const WIDTH: usize;
    /// What stands after the values, for columns that begin alike in every row: `, '', 0`.
    const TAIL: &'static str = "";
    /// Whether a row whose key is there already is left as it is.
    const IGNORE: bool;
    /// The values.
    fn binds(&self) -> Vec<Bind<'_>>;
}

/// Changes of messages by id.
pub trait Change: Send + 'static {
    /// Columns that must be as given besides the id: the fence.
    const FENCE: &'static [&'static str];
    /// More that must hold; empty = nothing.
    const GUARD: &'static str;
    /// Columns that are set.
    const SET: &'static [&'static str];
    /// Columns that are set unless the value is NULL.
    const KEEP: &'static [&'static str];
    /// What else is set, as text.
    const ALSO: &'static str;
    /// Values in the order `SET`, `KEEP`, id, `FENCE`.
    fn binds(&self) -> Vec<Bind<'_>>;
}

/// Rows to delete by their key.
pub trait Doomed: Send + 'static {
    /// The table.
    const TABLE: &'static str;
    /// The columns of the key.
    const COLUMNS: &'static [&'static str];
    /// The key.
    fn binds(&self) -> Vec<Bind<'_>>;
}

//! JSON as it is spelt: the text of every value, with its members and items.

/// A value.
#[derive(Debug)]
pub struct Raw<'t> {
    pub text: &'t str,
    pub body: Body<'t>,
}

#[derive(Debug)]
pub enum Body<'t> {
    /// The members, in their order, each with its key as it is spelt, quotes included.
    Object(Vec<(&'t str, Raw<'t>)>),
    List(Vec<Raw<'t>>),
    Scalar,
}

impl<'t> Raw<'t> {
    /// Reads a text that is JSON.
    pub fn read(text: &'t str) -> Self {
        Reader { text, at: 0 }.value()
    }

    /// The last member of this name.
    pub fn member(&self, name: &str) -> Option<&Raw<'t>> {
        let Body::Object(members) = &self.body else { return None };
        members.iter().rfind(|(key, _)| decoded(key) == name).map(|(_, value)| value)
    }

    /// What the string says that this is; empty for anything else.
    pub fn string(&self) -> String {
        decoded(self.text)
    }

    /// Whether this says nothing.
    pub fn is_nothing(&self) -> bool {
        match &self.body {
            Body::Object(members) => members.is_empty(),
            Body::List(items) => items.is_empty(),
            Body::Scalar => self.text == "null",
        }
    }
}

/// What a string says.
pub fn decoded(token: &str) -> String {
    serde_json::from_str(token).unwrap_or_default()
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Reader<'t> {
    fn value(&mut self) -> Raw<'t> {
        self.space();
        let start = self.at;
        let body = match self.peek() {
            b'{' => {
                let mut members = Vec::new();
                self.each(b'}', |reader| {
                    let key = reader.value().text;
                    reader.space();
                    reader.at += 1;
                    members.push((key, reader.value()));
                });
                Body::Object(members)
            }
            b'[' => {
                let mut items = Vec::new();
                self.each(b']', |reader| items.push(reader.value()));
                Body::List(items)
            }
            b'"' => {
                self.at += 1;
                while self.peek() != b'"' {
                    self.at += if self.peek() == b'\\' { 2 } else { 1 };
                }
                self.at += 1;
                Body::Scalar
            }
            _ => {
                while !matches!(self.peek(), b',' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t' | 0) {
                    self.at += 1;
                }
                Body::Scalar
            }
        };
        Raw { text: &self.text[start..self.at], body }
    }

    /// Reads what stands between brackets, up to the closing one.
    fn each(&mut self, closing: u8, mut read: impl FnMut(&mut Self)) {
        self.at += 1;
        self.space();
        while self.peek() != closing {
            read(self);
            self.space();
            if self.peek() == b',' {
                self.at += 1;
                self.space();
            }
        }
        self.at += 1;
    }

    fn space(&mut self) {
        while matches!(self.peek(), b' ' | b'\n' | b'\r' | b'\t') {
            self.at += 1;
        }
    }

    /// The next byte; 0 at the end.
    fn peek(&self) -> u8 {
        self.text.as_bytes().get(self.at).copied().unwrap_or_default()
    }
}

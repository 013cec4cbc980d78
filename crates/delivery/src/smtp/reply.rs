//! Answers of a mail server, and what it offers.

/// The most lines of one answer.
const LINES: usize = 128;

/// How much of an answer's words is repeated, in characters.
const QUOTED: usize = 300;

/// An answer: a code, and a line of text or more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) code: u16,
    pub(crate) lines: Vec<String>,
}

/// What is read of an answer so far.
#[derive(Debug, Default)]
pub(super) struct Reading {
    code: Option<u16>,
    lines: Vec<String>,
}

impl Reading {
    /// Takes the next line: the whole answer, if it is the last.
    ///
    /// # Errors
    /// Why it cannot be one.
    pub(super) fn take(&mut self, line: &str) -> Result<Option<Reply>, &'static str> {
        let digits = line.get(..3).filter(|code| code.bytes().all(|byte| byte.is_ascii_digit()));
        let code = digits.and_then(|code| code.parse::<u16>().ok()).filter(|code| (200..600).contains(code));
        let (Some(code), rest) = (code, line.get(3..).unwrap_or_default()) else {
            return Err("a line of it does not begin with a code");
        };
        if *self.code.get_or_insert(code) != code {
            return Err("its lines have different codes");
        }
        if self.lines.len() == LINES {
            return Err("it has no end");
        }
        let (last, text) = match rest.split_at_checked(1) {
            None => (true, ""),
            Some((" ", text)) => (true, text),
            Some(("-", text)) => (false, text),
            Some(_) => return Err("after a line's code stands neither a space nor a dash"),
        };
        self.lines.push(text.to_owned());
        Ok(last.then(|| Reply { code, lines: std::mem::take(&mut self.lines) }))
    }
}

impl Reply {
    pub(crate) fn is_positive(&self) -> bool {
        (200..300).contains(&self.code)
    }

    /// Whether it may be another at another time.
    pub(crate) fn is_temporary(&self) -> bool {
        (400..500).contains(&self.code)
    }

    /// The code and so much of the words as is worth repeating.
    pub(crate) fn quoted(&self) -> String {
        let words: String = self.lines.join(" ").chars().filter(|c| !c.is_control()).take(QUOTED).collect();
        format!("{} {}", self.code, words.trim()).trim_end().to_owned()
    }

    /// The words after a keyword, if the server offers it.
    pub(crate) fn offer(&self, keyword: &str) -> Option<&str> {
        // The first line is the server's name.
        self.lines.iter().skip(1).find_map(|line| {
            let (name, words) = line.trim().split_once([' ', '=']).unwrap_or((line.trim(), ""));
            name.eq_ignore_ascii_case(keyword).then_some(words)
        })
    }

    /// Whether it takes a way to sign in.
    pub(crate) fn takes_login(&self, mechanism: &str) -> bool {
        let words = self.offer("AUTH").unwrap_or_default();
        words.split_ascii_whitespace().any(|word| word.eq_ignore_ascii_case(mechanism))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&str]) -> Result<Option<Reply>, &'static str> {
        let mut reading = Reading::default();
        let mut read = Ok(None);
        for line in lines {
            read = reading.take(line);
        }
        read
    }

    #[test]
    fn an_answer_ends_with_the_line_without_a_dash() {
        let reply = read(&["250-mail.example.com", "250-SIZE 100", "250-auth=PLAIN login", "250 HELP"]);
        let reply = reply.unwrap().unwrap();
        assert_eq!((reply.code, reply.lines.len()), (250, 4));
        assert_eq!(reply.offer("size"), Some("100"));
        assert!(reply.takes_login("LOGIN") && reply.takes_login("plain") && !reply.takes_login("XOAUTH2"));
        assert_eq!(reply.offer("STARTTLS"), None);
        assert_eq!(reply.offer("mail.example.com"), None, "a name is no offer");
        assert_eq!(read(&["354"]).unwrap().unwrap().quoted(), "354");
        assert_eq!(read(&["250-more"]), Ok(None));
    }

    #[test]
    fn what_is_no_answer_is_none() {
        for lines in
            [&["hello"][..], &["25"], &["2500 x"], &["250-a", "251 b"], &["120 a"], &["600 a"], &["2ä0 a"]]
        {
            assert!(read(lines).is_err(), "{lines:?}");
        }
        assert!(read(&["250-x"; LINES + 1]).is_err(), "an endless one");
    }
}

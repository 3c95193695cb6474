//! A client session: handles input and socket concurrently until both have ended.

use std::io::{self, Write};

use anyhow::{Context, bail};
use futures_util::{Sink, SinkExt, Stream, StreamExt};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::{self, Message};

use super::input::Input;
use super::message::Message as Received;
use super::say;
use super::window::Window;
use crate::cli::exit::Exit;
use crate::serve::problem::Document;
use crate::serve::views::Prediction;

/// Options of a session and its outputs.
pub struct Session<O, E> {
    /// Request contributions with every prediction.
    pub explain: bool,
    /// Topics to subscribe to.
    pub topics: Vec<String>,
    /// Print messages unchanged, one per line.
    pub json: bool,
    /// A person types the input: show a prompt, and do not fail the command for invalid rows.
    pub person: bool,
    /// Where responses are printed.
    pub out: O,
    /// Output for everything else.
    pub err: E,
}

/// The response to a row, while it waits for its turn.
struct Answer {
    /// The message as it came.
    text: String,
    said: Result<Prediction, Document<'static>>,
}

impl<O: Write, E: Write> Session<O, E> {
    /// Runs until the input has ended and every row has its response; with topics, until interrupted.
    pub async fn converse<S, I>(
        mut self,
        mut socket: S,
        mut input: mpsc::Receiver<Input>,
        interrupt: I,
    ) -> anyhow::Result<Exit>
    where
        S: Stream<Item = Result<Message, tungstenite::Error>>
            + Sink<Message, Error = tungstenite::Error>
            + Unpin,
        I: Future<Output = io::Result<()>>,
    {
        let mut window: Window<Answer> = Window::default();
        let mut inputs = Vec::new();
        let (mut ended, mut sent, mut faults) = (false, 0_u64, 0_u64);
        let listening = !self.topics.is_empty();
        if listening {
            let message = json!({"type": "subscribe", "ref": "subscribe", "topics": self.topics});
            socket.send(text(&message)).await?;
        }
        if self.person {
            writeln!(self.err, "connected; :help for help, :quit to end")?;
        }
        self.prompt()?;
        tokio::pin!(interrupt);
        while !(ended && window.is_empty() && (self.person || !listening)) {
            let room = window.room();
            tokio::select! {
                _ = &mut interrupt => {
                    self.out.flush()?;
                    return Ok(Exit::Interrupted);
                }
                n = input.recv_many(&mut inputs, room), if room > 0 && !ended => {
                    ended = n == 0;
                    for input in inputs.drain(..) {
                        sent += u64::from(matches!(input, Input::Row(..) | Input::Bad(..)));
                        if let Some(message) = self.take(input, &mut window)? {
                            socket.feed(Message::text(message)).await?;
                        }
                    }
                    socket.flush().await.context("the server went away")?;
                }
                message = socket.next() => match message {
                    Some(Ok(Message::Text(message))) => self.receive(message.as_str(), &mut window)?,
                    Some(Ok(Message::Close(frame))) => bail!("the server closed the connection{}", reason(frame)),
                    Some(Ok(_)) => {}
                    Some(Err(error)) => return Err(error).context("the connection broke"),
                    None => bail!("the server closed the connection"),
                },
            }
            while let Some((line, answer)) = window.next() {
                faults += u64::from(self.answered(line, &answer)?);
            }
            // Flushes so that a reading process sees each response at once.
            self.out.flush()?;
        }
        // Closing is optional: all responses have arrived.
        let _ = socket.close().await;
        if faults > 0 && !self.person {
            writeln!(self.err, "{faults} of {sent} rows were rejected")?;
            return Ok(Exit::Failed);
        }
        Ok(Exit::Done)
    }

    /// Handles one input; returns the message to send, if any.
    fn take(
        &mut self,
        input: Input,
        window: &mut Window<Answer>,
    ) -> anyhow::Result<Option<String>> {
        let topics =
            |word: &str, topics| json!({"type": word, "ref": word, "topics": topics}).to_string();
        Ok(match input {
            Input::Row(line, row) => {
                window.push(line, None);
                let explain = if self.explain {
                    r#","explain":true"#
                } else {
                    ""
                };
                // The row is sent unchanged; the server validates it.
                Some(format!(
                    r#"{{"type":"predict","ref":{line}{explain},"row":{row}}}"#
                ))
            }
            Input::Bad(line, why) => {
                let problem = Document {
                    uri: "about:blank".into(),
                    title: "Not a row".into(),
                    status: 400,
                    detail: why.into(),
                    errors: Vec::new().into(),
                };
                let message = json!({"type": "error", "ref": line, "problem": problem});
                let answer = Answer {
                    text: message.to_string(),
                    said: Err(problem),
                };
                window.push(line, Some(answer));
                None
            }
            Input::Subscribe(list) => Some(topics("subscribe", list)),
            Input::Unsubscribe(list) => Some(topics("unsubscribe", list)),
            Input::Explain(on) => {
                self.explain = on;
                self.tell(if on {
                    "contributions are shown"
                } else {
                    "contributions are not shown"
                })?;
                None
            }
            Input::Tell(words) => {
                self.tell(&words)?;
                None
            }
            Input::Nothing => {
                self.prompt()?;
                None
            }
            Input::Failed(why) => bail!("the input cannot be read: {why}"),
        })
    }

    /// Handles a message from the server.
    fn receive(&mut self, text: &str, window: &mut Window<Answer>) -> anyhow::Result<()> {
        let message: Received =
            serde_json::from_str(text).context("the server does not speak our protocol")?;
        let (line, said) = match message {
            Received::Prediction {
                reference,
                prediction,
            } => (reference, Ok(prediction)),
            Received::Error { reference, problem } => match reference.as_u64() {
                Some(line) => (line, Err(problem)),
                None => {
                    self.tell(&say::problem(&problem))?;
                    // The server could not even tell which row it was: its answer will never come.
                    if reference.is_null() {
                        bail!("the server could not read a message");
                    }
                    return Ok(());
                }
            },
            _ if self.json => return Ok(writeln!(self.out, "{text}")?),
            Received::Event(event) => {
                self.line(&say::event(&event))?;
                return Ok(self.prompt()?);
            }
            Received::Subscribed => return Ok(self.tell("subscribed")?),
            Received::Unsubscribed => return Ok(self.tell("unsubscribed")?),
            Received::Other => return Ok(self.tell(text)?),
        };
        let answer = Answer {
            text: text.to_owned(),
            said,
        };
        if !window.answer(line, answer) {
            writeln!(self.err, "a response without a request: {text}")?;
        }
        Ok(())
    }

    /// Prints the answer of a line; true if it is a fault.
    fn answered(&mut self, line: u64, answer: &Answer) -> anyhow::Result<bool> {
        let place = if self.person {
            String::new()
        } else {
            format!("line {line}: ")
        };
        if self.json {
            writeln!(self.out, "{}", answer.text)?;
        } else if let Ok(prediction) = &answer.said {
            self.line(&format!("{place}{}", say::prediction(prediction)))?;
        }
        if let Err(problem) = &answer.said {
            writeln!(self.err, "{place}{}", say::problem(problem))?;
        }
        self.prompt()?;
        Ok(answer.said.is_err())
    }

    fn line(&mut self, line: &str) -> io::Result<()> {
        // Overwrites the prompt, if there is one.
        writeln!(self.out, "{}{line}", if self.person { "\r" } else { "" })
    }

    fn tell(&mut self, words: &str) -> io::Result<()> {
        writeln!(self.err, "{words}")?;
        self.prompt()
    }

    fn prompt(&mut self) -> io::Result<()> {
        if !self.person {
            return Ok(());
        }
        self.out.flush()?;
        write!(self.err, "> ")?;
        self.err.flush()
    }
}

fn text(message: &Value) -> Message {
    Message::text(message.to_string())
}

fn reason(frame: Option<tungstenite::protocol::CloseFrame>) -> String {
    frame.map_or_else(String::new, |f| {
        format!(" ({} {})", u16::from(f.code), f.reason)
    })
}

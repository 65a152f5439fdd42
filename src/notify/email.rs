//! E-mail over SMTP, with STARTTLS or TLS from the beginning. The text is plain text, and a
//! header holds whatever a title says: lettre encodes both.

use lettre::message::header::ContentType;
use lettre::message::{Mailbox, MessageBuilder};
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, AsyncTokioStream, TlsParameters};
use lettre::transport::smtp::extension::ClientId;

use super::message::{Message, cut, plain};
use super::{Target, Unsendable};
use crate::outbound::Client;
use crate::outbox::Sent;

/// Characters of a message, and of its subject.
const MOST: usize = 100_000;
const MOST_OF_SUBJECT: usize = 200;

/// The encryption of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encryption {
    StartTls,
    Tls,
    /// Only in a network that the owner allowed.
    None,
}

/// The message as e-mail. The same id gives the same `Message-ID`.
pub(super) fn mail(
    message: &Message,
    to: &Target<'_>,
    id: &str,
) -> Result<lettre::Message, Unsendable> {
    let mailbox = |name| -> Result<Mailbox, Unsendable> {
        to.need(name)?.parse().map_err(|_| Unsendable::Address)
    };
    let from = mailbox("from")?;
    let domain = from.email.domain().to_owned();
    let mut builder: MessageBuilder = lettre::Message::builder()
        .from(from)
        .message_id(Some(format!("<{id}@{domain}>")))
        .subject(cut(&message.title, MOST_OF_SUBJECT, |_| 1));
    for address in to.need("to")?.split(',') {
        builder = builder.to(address.trim().parse().map_err(|_| Unsendable::Address)?);
    }
    let text = message.text(MOST, plain, true);
    let mail = builder.header(ContentType::TEXT_PLAIN).body(text);
    mail.map_err(|_| Unsendable::Text)
}

/// Sends a message once.
pub(super) async fn send(client: &Client, message: &Message, to: &Target<'_>, id: &str) -> Sent {
    let mail = match mail(message, to, id) {
        Ok(mail) => mail,
        Err(error) => return Sent::Refused(error.to_string()),
    };
    let mut connection = match connect(client, to).await {
        Ok(connection) => connection,
        Err(sent) => return sent,
    };
    let sent = connection.send(mail.envelope(), &mail.formatted()).await;
    let sent = match sent {
        Ok(response) => {
            let said: Vec<&str> = response.message().collect();
            Sent::Taken(format!("{} {}", response.code(), said.join(" ")))
        }
        Err(error) => of_error(&error),
    };
    connection.abort().await;
    sent
}

/// Connects, encrypts, and logs in.
async fn connect(client: &Client, to: &Target<'_>) -> Result<AsyncSmtpConnection, Sent> {
    let encryption = match to.settings.get("tls").map(String::as_str) {
        Some("tls") => Encryption::Tls,
        Some("none") => Encryption::None,
        _ => Encryption::StartTls,
    };
    let usual = match encryption {
        Encryption::StartTls => 587,
        Encryption::Tls => 465,
        Encryption::None => 25,
    };
    let host = to
        .need("host")
        .map_err(|error| Sent::Refused(error.to_string()))?;
    let port = to
        .settings
        .get("port")
        .and_then(|port| port.parse().ok())
        .unwrap_or(usual);
    let later = |error: String| Sent::NotTaken {
        answer: error,
        retry_after: None,
    };
    let hello = ClientId::Domain("algohook".to_owned());
    let is_plain = encryption == Encryption::None;
    let stream = client
        .connect(host, port, !is_plain)
        .await
        .map_err(|error| later(error.to_string()))?;
    let stream: Box<dyn AsyncTokioStream> = if encryption == Encryption::Tls {
        let stream = client
            .encrypt(host, stream)
            .await
            .map_err(|error| later(error.to_string()))?;
        Box::new(stream::Encrypted(stream))
    } else {
        Box::new(stream)
    };
    let connected = AsyncSmtpConnection::connect_with_transport(stream, &hello).await;
    let mut connection = connected.map_err(|error| of_error(&error))?;
    if encryption == Encryption::StartTls {
        let parameters = parameters(client, host).map_err(|error| later(error.to_string()))?;
        let encrypted = connection.starttls(parameters, &hello).await;
        encrypted.map_err(|error| later(format!("no TLS with {host}: {}", in_words(&error))))?;
    }
    if let (Some(user), Some(password)) = (to.settings.get("username"), to.secret("password")) {
        let credentials = Credentials::new(user.clone(), password.to_owned());
        let known = [Mechanism::Plain, Mechanism::Login];
        let authenticated = connection.auth(&known, &credentials).await;
        authenticated.map_err(|error| of_error(&error))?;
    }
    Ok(connection)
}

fn parameters(
    client: &Client,
    host: &str,
) -> Result<TlsParameters, lettre::transport::smtp::Error> {
    use lettre::transport::smtp::client::{Certificate, CertificateStore};
    let builder = TlsParameters::builder(host.to_owned());
    match client
        .roots_file()
        .and_then(|path| std::fs::read(path).ok())
    {
        Some(pem) => builder
            .certificate_store(CertificateStore::None)
            .add_root_certificate(Certificate::from_pem(&pem)?)
            .build(),
        None => builder
            .certificate_store(CertificateStore::WebpkiRoots)
            .build(),
    }
}

/// Result of a message whose sending failed.
fn of_error(error: &lettre::transport::smtp::Error) -> Sent {
    let answer = in_words(error);
    if error.is_permanent() {
        return Sent::Refused(answer);
    }
    if error.is_transient() || error.is_client() {
        let retry_after = None;
        return Sent::NotTaken {
            answer,
            retry_after,
        };
    }
    Sent::Ambiguous(answer)
}

fn in_words(error: &lettre::transport::smtp::Error) -> String {
    let source = std::error::Error::source(error);
    source.map_or_else(|| error.to_string(), |source| format!("{error}: {source}"))
}

mod stream {
    //! A connection that is encrypted from its beginning, as lettre takes one.

    use std::io;
    use std::net::SocketAddr;
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use lettre::transport::smtp::client::AsyncTokioStream;
    use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
    use tokio::net::TcpStream;
    use tokio_rustls::client::TlsStream;

    #[derive(Debug)]
    pub struct Encrypted(pub TlsStream<TcpStream>);

    impl AsyncTokioStream for Encrypted {
        fn peer_addr(&self) -> io::Result<SocketAddr> {
            self.0.get_ref().0.peer_addr()
        }
    }

    impl AsyncRead for Encrypted {
        fn poll_read(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
            buffer: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            Pin::new(&mut self.0).poll_read(context, buffer)
        }
    }

    impl AsyncWrite for Encrypted {
        fn poll_write(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<io::Result<usize>> {
            Pin::new(&mut self.0).poll_write(context, bytes)
        }

        fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
            Pin::new(&mut self.0).poll_flush(context)
        }

        fn poll_shutdown(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
        ) -> Poll<io::Result<()>> {
            Pin::new(&mut self.0).poll_shutdown(context)
        }
    }
}

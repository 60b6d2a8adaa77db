"""Replies of real servers and the class of each. Addresses, hosts and ids were replaced; the words are theirs.

`fonte` names the page or the program that the words were read in; where it gives only the enhanced code, or not the
command, they are those that the server commonly uses. `volta` is given for a quota alone.
"""

from typing import NamedTuple

from mensageria.estados import Classe


class RespostaReal(NamedTuple):
    servidor: str
    comando: str
    codigo: int
    texto: str
    classe: Classe
    fonte: str
    volta: str = ""


POSTFIX = "Postfix, smtpd/smtpd.c and smtpd/smtpd_check.c"
EXIM = "Exim, default configuration and logs in public issues"
NDR = "Exchange Online: Email non-delivery reports and SMTP errors"
SUBMISSAO = "Exchange Online: SMTP AUTH submission limits and public issues on smtp.office365.com"
GMAIL = "Google Workspace: Gmail SMTP errors and codes"
SES = "Amazon SES: SMTP response codes returned by Amazon SES"
SENDGRID = "SendGrid: SMTP errors and troubleshooting"
MANUAL = "SMTP Field Manual"
ZONEMTA = "ZoneMTA, bounces.txt"
SENDMAIL = "Sendmail, cf/m4/proto.m4 and logs in public issues"
HOSPEDAGEM = "Public bounce reports and logs of hosting companies"

REAIS: tuple[RespostaReal, ...] = (
    RespostaReal(
        "Postfix",
        "RCPT",
        550,
        "5.1.1 <ana@exemplo.com.br>: Recipient address rejected: User unknown in local recipient table",
        Classe.ENDERECO,
        POSTFIX,
    ),
    RespostaReal(
        "Postfix",
        "RCPT",
        550,
        "5.1.1 <ana@exemplo.com.br>: Recipient address rejected: User unknown in virtual mailbox table",
        Classe.ENDERECO,
        POSTFIX,
    ),
    RespostaReal(
        "Postfix",
        "RCPT",
        504,
        "5.5.2 <ana>: Recipient address rejected: need fully-qualified address",
        Classe.ENDERECO,
        POSTFIX,
    ),
    RespostaReal(
        "Postfix", "RCPT", 554, "5.7.1 <ana@exemplo.com.br>: Relay access denied", Classe.AUTENTICACAO, POSTFIX
    ),
    RespostaReal(
        "Postfix",
        "RCPT",
        454,
        "4.7.1 <ana@exemplo.com.br>: Relay access denied",
        Classe.AUTENTICACAO,
        "Postfix, public issues on vmail.me",
    ),
    RespostaReal(
        "Postfix",
        "RCPT",
        554,
        "<ana@exemplo.com.br>: Recipient address rejected: Relay access denied",
        Classe.AUTENTICACAO,
        POSTFIX,
    ),
    RespostaReal(
        "Postfix",
        "RCPT",
        553,
        "5.7.1 <avisos@exemplo.com.br>: Sender address rejected: not owned by user outro@exemplo.com.br",
        Classe.REMETENTE,
        POSTFIX,
    ),
    RespostaReal(
        "Postfix",
        "RCPT",
        553,
        "5.7.1 <avisos@exemplo.com.br>: Sender address rejected: not logged in as owner",
        Classe.REMETENTE,
        POSTFIX,
    ),
    RespostaReal(
        "Postfix",
        "RCPT",
        450,
        "4.1.8 <avisos@exemplo.com.br>: Sender address rejected: Domain not found",
        Classe.REMETENTE,
        POSTFIX,
    ),
    RespostaReal(
        "Postfix",
        "RCPT",
        450,
        "4.7.1 Client host rejected: cannot find your hostname, [192.0.2.1]",
        Classe.REMETENTE,
        POSTFIX,
    ),
    RespostaReal(
        "Postfix",
        "RCPT",
        554,
        "5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org;"
        " https://www.spamhaus.org/query/ip/192.0.2.1",
        Classe.REMETENTE,
        ZONEMTA,
    ),
    RespostaReal(
        "Postfix",
        "RCPT",
        450,
        "4.2.0 <ana@exemplo.com.br>: Recipient address rejected: Greylisted for 300 seconds",
        Classe.TEMPORARIO,
        "Postgrey, issue 86",
    ),
    RespostaReal(
        "Postfix",
        "RCPT",
        421,
        "4.1.1 <ana@exemplo.com.br>: Recipient address rejected: unverified address: Address verification in progress",
        Classe.TEMPORARIO,
        MANUAL,
    ),
    RespostaReal("Postfix", "MAIL", 452, "4.3.1 Insufficient system storage", Classe.TEMPORARIO, POSTFIX),
    RespostaReal("Postfix", "MAIL", 552, "5.3.4 Message size exceeds fixed limit", Classe.MENSAGEM, POSTFIX),
    RespostaReal(
        "Postfix",
        "MAIL",
        504,
        "5.5.2 <avisos>: Sender address rejected: need fully-qualified address",
        Classe.REMETENTE,
        POSTFIX,
    ),
    RespostaReal("Postfix", "MAIL", 450, "4.7.1 Error: too much mail from 192.0.2.1", Classe.TAXA, POSTFIX),
    RespostaReal(
        "Postfix",
        "RCPT",
        450,
        "4.7.1 <avisos@exemplo.com.br>: Sender address rejected: Deferring: Too many messages from sender in last 60",
        Classe.TAXA,
        "Policyd: refusals logged by Zimbra",
    ),
    RespostaReal("Postfix", "MAIL", 530, "5.7.0 Must issue a STARTTLS command first", Classe.AUTENTICACAO, POSTFIX),
    RespostaReal("Postfix", "BODY", 451, "4.3.0 Queue file write error", Classe.TEMPORARIO, POSTFIX),
    RespostaReal("Postfix", "RCPT", 421, "4.7.0 mx.exemplo.com.br Error: too many errors", Classe.REDE, MANUAL),
    RespostaReal("Postfix", "RCPT", 421, "4.4.2 mx.exemplo.com.br Error: timeout exceeded", Classe.REDE, MANUAL),
    RespostaReal("Postfix", "MAIL", 552, "Message size exceeds fixed limit", Classe.MENSAGEM, POSTFIX),
    RespostaReal(
        "Postfix",
        "RCPT",
        421,
        "4.7.1 Service unavailable; Client host [192.0.2.1] blocked using grey.rbl - Rechazo temporal, intentelo"
        " mas tarde por favor...Greylisting in action, please try again later",
        Classe.TEMPORARIO,
        ZONEMTA,
    ),
    RespostaReal("Exim", "RCPT", 550, "Unrouteable address", Classe.ENDERECO, EXIM),
    RespostaReal("Exim", "RCPT", 550, "Unknown user", Classe.ENDERECO, EXIM),
    RespostaReal("Exim", "RCPT", 550, "relay not permitted", Classe.AUTENTICACAO, EXIM),
    RespostaReal(
        "Exim",
        "RCPT",
        550,
        "Verification failed for <avisos@exemplo.com.br> Unrouteable address Sender verify failed",
        Classe.REMETENTE,
        EXIM,
    ),
    RespostaReal("Exim", "RCPT", 451, "Temporary local problem - please try later", Classe.TEMPORARIO, EXIM),
    RespostaReal("Exim", "AUTH", 535, "Incorrect authentication data", Classe.AUTENTICACAO, EXIM),
    RespostaReal("Exim", "RCPT", 452, "too many recipients", Classe.TAXA, EXIM),
    RespostaReal(
        "Exim (cPanel)",
        "RCPT",
        550,
        "Domain exemplo.com.br has exceeded the max emails per hour (125/100 (125%)) allowed. Message discarded.",
        Classe.TAXA,
        HOSPEDAGEM,
    ),
    RespostaReal(
        "Exchange Online",
        "RCPT",
        550,
        "5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup",
        Classe.ENDERECO,
        NDR,
    ),
    RespostaReal("Exchange Online", "RCPT", 550, "5.1.1 RESOLVER.ADR.ExRecipNotFound; not found", Classe.ENDERECO, NDR),
    RespostaReal(
        "Exchange Online",
        "RCPT",
        550,
        "5.4.1 Recipient address rejected: Access denied. AS(201806281)"
        " [AM5EUR02FT019.eop-EUR02.prod.protection.outlook.com]",
        Classe.ENDERECO,
        ZONEMTA,
    ),
    RespostaReal(
        "Exchange Online", "RCPT", 550, "5.7.504 Recipient address rejected: Access denied", Classe.ENDERECO, NDR
    ),
    RespostaReal("Exchange Online", "BODY", 554, "5.2.2 mailbox full", Classe.CAIXA_CHEIA, NDR),
    RespostaReal("Exchange Online", "BODY", 554, "5.2.2 Submission quota exceeded", Classe.COTA, NDR, volta="dia"),
    RespostaReal(
        "Exchange Online",
        "BODY",
        554,
        "5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException; Failed to process message due to a"
        " permanent exception",
        Classe.COTA,
        SUBMISSAO,
        volta="dia",
    ),
    RespostaReal(
        "Exchange Online",
        "RCPT",
        550,
        "5.1.90 Your message can't be sent because you've reached your daily limit for message recipients",
        Classe.COTA,
        NDR,
        volta="dia",
    ),
    RespostaReal(
        "Exchange Online",
        "BODY",
        550,
        "5.7.233 Tenant exceeded its daily limit of external recipients",
        Classe.COTA,
        NDR,
        volta="dia",
    ),
    RespostaReal(
        "Exchange Online",
        "BODY",
        554,
        "5.2.0 STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied; Failed to process"
        " message due to a permanent exception with message Cannot submit message.",
        Classe.REMETENTE,
        SUBMISSAO,
    ),
    RespostaReal(
        "Exchange Online",
        "MAIL",
        550,
        "5.7.60 SMTP; Client does not have permissions to send as this sender",
        Classe.REMETENTE,
        SUBMISSAO,
    ),
    RespostaReal("Exchange Online", "BODY", 550, "5.1.8 Access denied, bad outbound sender", Classe.REMETENTE, NDR),
    RespostaReal("Exchange Online", "RCPT", 550, "5.7.501 Access denied, spam abuse detected", Classe.REMETENTE, NDR),
    RespostaReal(
        "Exchange Online",
        "RCPT",
        550,
        "5.7.511 Access denied, banned sender[192.0.2.1]. To request removal from this list please forward this"
        " message to delist@messaging.microsoft.com.",
        Classe.REMETENTE,
        ZONEMTA,
    ),
    RespostaReal(
        "Exchange Online",
        "RCPT",
        550,
        "5.7.606 Access denied, banned sending IP [192.0.2.1]. To request removal from this list please visit"
        " https://sender.office.com/ (AS16012609)",
        Classe.REMETENTE,
        ZONEMTA,
    ),
    RespostaReal(
        "Exchange Online", "BODY", 550, "5.7.705 Access denied, tenant has exceeded threshold.", Classe.REMETENTE, NDR
    ),
    RespostaReal(
        "Exchange Online",
        "BODY",
        550,
        "5.7.708 Access denied, traffic not accepted from this IP.",
        Classe.REMETENTE,
        NDR,
    ),
    RespostaReal(
        "Exchange Online",
        "BODY",
        550,
        "5.7.750 Service unavailable. Client blocked from sending from unregistered domains",
        Classe.REMETENTE,
        NDR,
    ),
    RespostaReal(
        "Exchange Online",
        "RCPT",
        550,
        "5.7.23 The message was rejected because of Sender Policy Framework violation",
        Classe.REMETENTE,
        NDR,
    ),
    RespostaReal(
        "Exchange Online",
        "BODY",
        550,
        "5.7.509 Access denied, sending domain exemplo.com.br does not pass DMARC verification",
        Classe.REMETENTE,
        NDR,
    ),
    RespostaReal(
        "Exchange Online", "RCPT", 550, "5.7.64 TenantAttribution; Relay Access Denied", Classe.AUTENTICACAO, NDR
    ),
    RespostaReal("Exchange Online", "RCPT", 550, "5.7.1 Unable to relay", Classe.AUTENTICACAO, NDR),
    RespostaReal("Exchange Online", "RCPT", 550, "5.7.1 Client was not authenticated", Classe.AUTENTICACAO, NDR),
    RespostaReal(
        "Exchange Online",
        "MAIL",
        530,
        "5.7.57 SMTP; Client was not authenticated to send anonymous mail during MAIL FROM",
        Classe.AUTENTICACAO,
        NDR,
    ),
    RespostaReal(
        "Exchange Online",
        "AUTH",
        535,
        "5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant. Visit"
        " https://aka.ms/smtp_auth_disabled for more information.",
        Classe.AUTENTICACAO,
        SUBMISSAO,
    ),
    RespostaReal("Exchange Online", "AUTH", 535, "5.7.3 Authentication unsuccessful", Classe.AUTENTICACAO, SUBMISSAO),
    RespostaReal(
        "Exchange Online",
        "BODY",
        432,
        "4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded",
        Classe.TAXA,
        SUBMISSAO,
    ),
    RespostaReal("Exchange Online", "MAIL", 432, "4.3.2 Concurrent connections limit exceeded", Classe.TAXA, SUBMISSAO),
    RespostaReal(
        "Exchange Online",
        "BODY",
        432,
        "4.3.2 STOREDRV.Deliver; recipient thread limit exceeded",
        Classe.TEMPORARIO,
        NDR,
    ),
    RespostaReal(
        "Exchange Online",
        "RCPT",
        451,
        "4.7.500 Server busy. Please try again later from [192.0.2.1]. (AS77712344) [prod.protection.outlook.com]",
        Classe.TAXA,
        MANUAL,
    ),
    RespostaReal("Exchange Online", "RCPT", 450, "4.7.850 Access denied, please try again later", Classe.TAXA, NDR),
    RespostaReal(
        "Exchange Online",
        "RCPT",
        550,
        "5.7.508 Access denied, 2001:db8::1 has exceeded permitted limits within 2001:db8::/64 range",
        Classe.TAXA,
        NDR,
    ),
    RespostaReal(
        "Exchange Online",
        "BODY",
        554,
        "5.2.121 The sender has exceeded the limit for the number of messages they can send to this recipient per"
        " hour.",
        Classe.TEMPORARIO,
        MANUAL,
    ),
    RespostaReal(
        "Exchange Online",
        "BODY",
        554,
        "5.2.122 The recipient has exceeded their limit for the number of messages they can receive per hour.",
        Classe.TEMPORARIO,
        MANUAL,
    ),
    RespostaReal(
        "Exchange Online",
        "RCPT",
        450,
        "4.7.3 Organization queue quota exceeded. [outlook.com]",
        Classe.TEMPORARIO,
        MANUAL,
    ),
    RespostaReal("Exchange Online", "RCPT", 550, "5.7.133 Sender not authenticated for group", Classe.MENSAGEM, NDR),
    RespostaReal(
        "Exchange Online", "RCPT", 550, "5.7.134 Sender was not authenticated for mailbox", Classe.MENSAGEM, NDR
    ),
    RespostaReal("Exchange Online", "RCPT", 550, "5.7.507 Access denied, rejected by recipient", Classe.MENSAGEM, NDR),
    RespostaReal(
        "Exchange Online",
        "RCPT",
        550,
        "5.7.513 Service unavailable, Client host [192.0.2.1] blocked by exemplo.com.br using Customer Block list"
        " (AS16012607)",
        Classe.MENSAGEM,
        NDR,
    ),
    RespostaReal(
        "Exchange Online", "BODY", 550, "5.2.1 Content filter agent quarantined this message", Classe.MENSAGEM, NDR
    ),
    RespostaReal(
        "Exchange Online",
        "BODY",
        550,
        "5.2.3 RESOLVER.RST.RecipSizeLimit; message too large for this recipient",
        Classe.MENSAGEM,
        NDR,
    ),
    RespostaReal(
        "Exchange Online", "BODY", 452, "4.3.1 Insufficient system resources (TSTE)", Classe.TEMPORARIO, MANUAL
    ),
    RespostaReal(
        "Exchange Online",
        "CONNECT",
        421,
        "4.3.2 The maximum number of concurrent connections per resource forest has exceeded a limit, closing"
        " transmission channel.",
        Classe.TAXA,
        MANUAL,
    ),
    RespostaReal("Exchange Online", "CONNECT", 421, "4.3.2 Service not available", Classe.REDE, MANUAL),
    RespostaReal(
        "Outlook.com",
        "RCPT",
        550,
        "5.5.0 Requested action not taken: mailbox unavailable. [eop-nam12.prod.protection.outlook.com]",
        Classe.ENDERECO,
        MANUAL,
    ),
    RespostaReal(
        "Outlook.com",
        "MAIL",
        550,
        "5.7.1 Unfortunately, messages from [192.0.2.1] weren't sent. Please contact your Internet service"
        " provider since part of their network is on our block list (S3150).",
        Classe.REMETENTE,
        MANUAL,
    ),
    RespostaReal(
        "Outlook.com",
        "MAIL",
        550,
        "5.7.1 Service unavailable, MailFrom domain is listed in Spamhaus. To request removal from this list see"
        " https://www.spamhaus.org/query/lookup/ (S8002)",
        Classe.REMETENTE,
        MANUAL,
    ),
    RespostaReal(
        "Outlook.com",
        "BODY",
        550,
        "5.7.515 Access denied, sending domain exemplo.com.br does not meet the required authentication level.",
        Classe.REMETENTE,
        MANUAL,
    ),
    RespostaReal(
        "Outlook.com",
        "MAIL",
        451,
        "4.7.650 The mail server [192.0.2.1] has been temporarily rate limited due to IP reputation. For e-mail"
        " delivery information, see https://postmaster.live.com (S843)",
        Classe.TAXA,
        MANUAL,
    ),
    RespostaReal(
        "Gmail",
        "RCPT",
        550,
        "5.1.1 The email account that you tried to reach does not exist. Please try double-checking the"
        " recipient's email address for typos or unnecessary spaces. Learn more at"
        " https://support.google.com/mail/?p=NoSuchUser - gsmtp",
        Classe.ENDERECO,
        GMAIL,
    ),
    RespostaReal(
        "Gmail",
        "RCPT",
        550,
        "5.2.1 The email account that you tried to reach is disabled. Learn more at"
        " https://support.google.com/mail/?p=DisabledUser - gsmtp",
        Classe.ENDERECO,
        GMAIL,
    ),
    RespostaReal(
        "Gmail",
        "RCPT",
        550,
        "5.2.1 The email account that you tried to reach is inactive. Learn more at"
        " https://support.google.com/mail/?p=DisabledUser - gsmtp",
        Classe.ENDERECO,
        GMAIL,
    ),
    RespostaReal(
        "Gmail",
        "RCPT",
        553,
        "5.1.2 The recipient address <ana@exemplo> is not a valid RFC-5321 address. - gsmtp",
        Classe.ENDERECO,
        MANUAL,
    ),
    RespostaReal(
        "Gmail",
        "RCPT",
        553,
        "5.1.2 We weren't able to find the recipient domain. Please check for any spelling errors, and make sure"
        " you didn't enter any spaces, periods, or other punctuation after the recipient's email address.",
        Classe.ENDERECO,
        GMAIL,
    ),
    RespostaReal(
        "Gmail",
        "RCPT",
        452,
        "4.2.2 The email account that you tried to reach is over quota. Please direct the recipient to"
        " https://support.google.com/mail/?p=OverQuotaTemp - gsmtp",
        Classe.CAIXA_CHEIA,
        GMAIL,
    ),
    RespostaReal(
        "Gmail",
        "RCPT",
        452,
        "4.2.2 The recipient's inbox is out of storage space. Please direct the recipient to"
        " https://support.google.com/mail/?p=OverQuotaTemp",
        Classe.CAIXA_CHEIA,
        GMAIL,
    ),
    RespostaReal(
        "Gmail",
        "RCPT",
        552,
        "5.2.2 The recipient's inbox is out of storage space and inactive. Please direct the recipient to"
        " https://support.google.com/mail/?p=OverQuotaPerm",
        Classe.CAIXA_CHEIA,
        GMAIL,
    ),
    RespostaReal(
        "Gmail",
        "BODY",
        550,
        "5.4.5 Daily user sending limit exceeded. For more information on Gmail sending limits go to"
        " https://support.google.com/a/answer/166852 - gsmtp",
        Classe.COTA,
        GMAIL,
        volta="dia",
    ),
    RespostaReal("Gmail", "BODY", 550, "5.4.5 Daily sending quota exceeded - gsmtp", Classe.COTA, GMAIL, volta="dia"),
    RespostaReal("Gmail", "BODY", 550, "5.4.5 Daily user sending quota exceeded.", Classe.COTA, GMAIL, volta="dia"),
    RespostaReal(
        "Gmail",
        "RCPT",
        550,
        "5.4.5 Daily SMTP relay limit exceeded for user. For more information on SMTP relay sending limits please"
        " contact your administrator",
        Classe.COTA,
        GMAIL,
        volta="dia",
    ),
    RespostaReal(
        "Gmail",
        "RCPT",
        550,
        "5.7.1 Daily SMTP relay limit exceeded for customer. For more information on SMTP relay sending limits"
        " please contact your administrator or visit https://support.google.com/a/answer/6140680",
        Classe.COTA,
        GMAIL,
        volta="dia",
    ),
    RespostaReal(
        "Gmail",
        "RCPT",
        450,
        "4.2.1 Peak SMTP relay limit exceeded for customer. This is a temporary error. For more information on"
        " SMTP relay limits, please contact your administrator",
        Classe.TAXA,
        GMAIL,
    ),
    RespostaReal(
        "Gmail",
        "RCPT",
        421,
        "4.7.28 [192.0.2.1] Our system has detected an unusual rate of unsolicited mail originating from your IP"
        " address. To protect our users from spam, mail sent from your IP address has been temporarily rate"
        " limited. - gsmtp",
        Classe.TAXA,
        GMAIL,
    ),
    RespostaReal(
        "Gmail",
        "BODY",
        421,
        "4.7.0 Our system has detected an unusual rate of unsolicited mail originating from your IP address. To"
        " protect our users from spam, mail sent from your IP address has been temporarily blocked.",
        Classe.TAXA,
        GMAIL,
    ),
    RespostaReal(
        "Gmail",
        "BODY",
        421,
        "4.7.26 This mail has been rate limited because it is unauthenticated. Gmail requires all senders to"
        " authenticate with either SPF or DKIM.",
        Classe.TAXA,
        GMAIL,
    ),
    RespostaReal(
        "Gmail",
        "BODY",
        421,
        "4.7.32 This mail has been rate limited because there is no DMARC alignment",
        Classe.TAXA,
        MANUAL,
    ),
    RespostaReal("Gmail", "AUTH", 454, "4.7.0 Too many login attempts, please try again later.", Classe.TAXA, GMAIL),
    RespostaReal(
        "Gmail",
        "RCPT",
        450,
        "4.2.1 The user you are trying to contact is receiving mail too quickly. Please resend your message at a"
        " later time.",
        Classe.TEMPORARIO,
        GMAIL,
    ),
    RespostaReal(
        "Gmail",
        "RCPT",
        450,
        "4.2.1 The user you are trying to contact is receiving mail at a rate that prevents additional messages"
        " from being delivered. Please resend your message at a later time.",
        Classe.TEMPORARIO,
        GMAIL,
    ),
    RespostaReal(
        "Gmail",
        "RCPT",
        550,
        "5.2.1 The user you are trying to contact is receiving mail at a rate that prevents additional messages"
        " from being delivered. For more information, please visit"
        " https://support.google.com/mail/?p=ReceivingRatePerm - gsmtp",
        Classe.TEMPORARIO,
        GMAIL,
    ),
    RespostaReal(
        "Gmail",
        "RCPT",
        452,
        "4.5.3 Domain policy size per transaction exceeded, please try this recipient in a separate transaction.",
        Classe.TEMPORARIO,
        GMAIL,
    ),
    RespostaReal(
        "Gmail", "RCPT", 451, "4.3.0 Mail server temporarily rejected message. - gsmtp", Classe.TEMPORARIO, GMAIL
    ),
    RespostaReal(
        "Gmail",
        "BODY",
        550,
        "5.7.26 Your email has been blocked because the sender is unauthenticated. Gmail requires all senders to"
        " authenticate with either SPF or DKIM. Authentication results: DKIM = did not pass SPF [exemplo.com.br]"
        " with ip: 192.0.2.1 = did not pass - gsmtp",
        Classe.REMETENTE,
        GMAIL,
    ),
    RespostaReal(
        "Gmail",
        "BODY",
        550,
        "5.7.1 Unauthenticated email from exemplo.com.br is not accepted due to domain's DMARC policy. Please"
        " contact the administrator of exemplo.com.br domain if this was a legitimate mail. - gsmtp",
        Classe.REMETENTE,
        GMAIL,
    ),
    RespostaReal(
        "Gmail",
        "BODY",
        550,
        "5.7.25 [192.0.2.1] The IP address sending this message does not have a PTR record setup",
        Classe.REMETENTE,
        GMAIL,
    ),
    RespostaReal(
        "Gmail",
        "BODY",
        550,
        "5.7.1 [192.0.2.1] Our system has detected that this message is likely suspicious due to the very low"
        " reputation of the sending domain. - gsmtp",
        Classe.REMETENTE,
        GMAIL,
    ),
    RespostaReal(
        "Gmail",
        "BODY",
        550,
        "5.7.1 [192.0.2.1] The IP you're using to send mail is not authorized to send email directly to our"
        " servers. Please use the SMTP relay at your service provider instead.",
        Classe.REMETENTE,
        GMAIL,
    ),
    RespostaReal(
        "Gmail",
        "BODY",
        550,
        "5.7.1 Our system has detected an unusual rate of unsolicited mail originating from your IP address. To"
        " protect our users from spam, mail sent from your IP address has been blocked.",
        Classe.REMETENTE,
        GMAIL,
    ),
    RespostaReal("Gmail", "BODY", 550, "5.7.0 Mail Sending denied.", Classe.REMETENTE, GMAIL),
    RespostaReal(
        "Gmail",
        "BODY",
        550,
        "5.7.1 [192.0.2.1] Our system has detected that this message is likely unsolicited mail. To reduce the"
        " amount of spam sent to Gmail, this message has been blocked. - gsmtp",
        Classe.MENSAGEM,
        GMAIL,
    ),
    RespostaReal(
        "Gmail",
        "BODY",
        552,
        "5.2.3 Your message exceeded Google's message size limits. Please visit"
        " http://mail.google.com/support/bin/answer.py?answer=8770 to review our size guidelines.",
        Classe.MENSAGEM,
        GMAIL,
    ),
    RespostaReal(
        "Gmail",
        "BODY",
        552,
        "5.7.0 This message was blocked because its content presents a potential security issue.",
        Classe.MENSAGEM,
        GMAIL,
    ),
    RespostaReal("Gmail", "BODY", 554, "5.6.0 Mail message is malformed. Not accepted.", Classe.MENSAGEM, GMAIL),
    RespostaReal(
        "Gmail",
        "RCPT",
        550,
        "5.7.0 Mail relay denied 192.0.2.1. Invalid credentials for relay for one of the domains in:"
        " exemplo.com.br (as obtained from HELO and MAIL FROM).",
        Classe.AUTENTICACAO,
        GMAIL,
    ),
    RespostaReal("Gmail", "RCPT", 550, "5.7.1 Invalid credentials for relay 192.0.2.1.", Classe.AUTENTICACAO, GMAIL),
    RespostaReal("Gmail", "AUTH", 535, "5.7.8 Username and Password not accepted.", Classe.AUTENTICACAO, GMAIL),
    RespostaReal("Gmail", "AUTH", 534, "5.7.9 Application-specific password required.", Classe.AUTENTICACAO, GMAIL),
    RespostaReal("Gmail", "MAIL", 530, "5.7.0 Authentication Required.", Classe.AUTENTICACAO, GMAIL),
    RespostaReal(
        "Gmail",
        "AUTH",
        454,
        "4.7.0 Cannot authenticate due to a temporary system problem. Try again later.",
        Classe.REDE,
        GMAIL,
    ),
    RespostaReal("Gmail", "MAIL", 421, "4.3.0 Temporary System Problem. Try again later", Classe.REDE, GMAIL),
    RespostaReal("Gmail", "MAIL", 421, "4.4.5 Server busy, try again later.", Classe.REDE, GMAIL),
    RespostaReal("Gmail", "MAIL", 421, "4.7.0 Try again later, closing connection.", Classe.REDE, GMAIL),
    RespostaReal("Gmail", "RCPT", 503, "5.5.1 Bad sequence of commands.", Classe.REDE, GMAIL),
    RespostaReal("Amazon SES", "CONNECT", 421, "Too many concurrent SMTP connections", Classe.TAXA, SES),
    RespostaReal("Amazon SES", "BODY", 454, "Throttling failure: Maximum sending rate exceeded", Classe.TAXA, SES),
    RespostaReal(
        "Amazon SES", "BODY", 454, "Throttling failure: Daily message quota exceeded", Classe.COTA, SES, volta="dia"
    ),
    RespostaReal("Amazon SES", "BODY", 454, "Temporary service failure", Classe.TEMPORARIO, SES),
    RespostaReal("Amazon SES", "BODY", 451, "Temporary service failure", Classe.TEMPORARIO, SES),
    RespostaReal("Amazon SES", "BODY", 451, "Timeout waiting for data from client", Classe.TEMPORARIO, SES),
    RespostaReal("Amazon SES", "AUTH", 454, "Temporary authentication failure", Classe.REDE, SES),
    RespostaReal("Amazon SES", "MAIL", 530, "Authentication required", Classe.AUTENTICACAO, SES),
    RespostaReal("Amazon SES", "AUTH", 535, "Authentication Credentials Invalid", Classe.AUTENTICACAO, SES),
    RespostaReal("Amazon SES", "AUTH", 535, "Account not subscribed to SES", Classe.AUTENTICACAO, SES),
    RespostaReal(
        "Amazon SES",
        "BODY",
        554,
        "Access denied: User arn:aws:iam::123456789012:user/ses-smtp-user is not authorized to perform"
        " ses:SendRawEmail on resource arn:aws:ses:sa-east-1:123456789012:identity/exemplo.com.br",
        Classe.AUTENTICACAO,
        SES,
    ),
    RespostaReal(
        "Amazon SES",
        "BODY",
        554,
        "Message rejected: Email address is not verified. The following identities failed the check in region"
        " SA-EAST-1: avisos@exemplo.com.br",
        Classe.REMETENTE,
        SES,
    ),
    RespostaReal(
        "Amazon SES",
        "BODY",
        554,
        "Message rejected: Sending paused for this account. For more information, please check the inbox of the"
        " email address associated with your AWS account.",
        Classe.REMETENTE,
        "Public issues on Amazon SES",
    ),
    RespostaReal("Amazon SES", "BODY", 552, "Message is too long.", Classe.MENSAGEM, SES),
    RespostaReal(
        "SendGrid", "AUTH", 451, "Authentication failed: Maximum credits exceeded", Classe.COTA, SENDGRID, volta="mes"
    ),
    RespostaReal(
        "SendGrid",
        "BODY",
        451,
        "You have exceeded your messaging limits",
        Classe.COTA,
        "Twilio: error 60245, and a test server that gives SendGrid's words",
        volta="mes",
    ),
    RespostaReal("SendGrid", "RCPT", 452, "Too many recipients received this hour (throttled)", Classe.TAXA, SENDGRID),
    RespostaReal(
        "SendGrid", "RCPT", 450, "too frequent connects from 192.0.2.1, please try again later.", Classe.TAXA, SENDGRID
    ),
    RespostaReal("SendGrid", "RCPT", 451, "Temporary local problem - please try later", Classe.TEMPORARIO, SENDGRID),
    RespostaReal("SendGrid", "MAIL", 421, "Message from (192.0.2.1) temporarily deferred", Classe.REDE, SENDGRID),
    RespostaReal(
        "SendGrid", "BODY", 403, "You are not authorized to send from that email address", Classe.REMETENTE, SENDGRID
    ),
    RespostaReal(
        "SendGrid",
        "BODY",
        550,
        "The from address does not match a verified Sender Identity. Mail cannot be sent until this error is"
        " resolved. Visit https://sendgrid.com/docs/for-developers/sending-email/sender-identity/ to see the"
        " Sender Identity requirements",
        Classe.REMETENTE,
        "Public issues on SendGrid",
    ),
    RespostaReal(
        "SendGrid", "MAIL", 550, "Unauthenticated senders not allowed", Classe.AUTENTICACAO, "Public issues on SendGrid"
    ),
    RespostaReal(
        "Locaweb",
        "RCPT",
        554,
        "5.7.1 <host[192.0.2.1]>: Client host rejected: Para envio de mensagens e necessaria autenticacao. Para"
        " saber como corrigir este erro acesse: http://wiki.locaweb.com/pt-br/Email_Locaweb_-_Envio_Autenticado"
        " /This mail server requires authentication",
        Classe.AUTENTICACAO,
        "PHPMailer, issue 533 (the code was not said)",
    ),
    RespostaReal(
        "Yahoo",
        "BODY",
        554,
        "delivery error: dd This user doesn't have a yahoo.com account (ana@yahoo.com) [-9] - example.yahoo.com",
        Classe.ENDERECO,
        MANUAL,
    ),
    RespostaReal(
        "Yahoo",
        "BODY",
        554,
        "delivery error: dd Sorry, your message to ana@yahoo.com cannot be delivered. This mailbox is disabled"
        " (554.30). - example.yahoo.com",
        Classe.ENDERECO,
        MANUAL,
    ),
    RespostaReal(
        "Yahoo",
        "BODY",
        554,
        "delivery error: dd ana@yahoo.com is no longer valid. [-20] - example.yahoo.com",
        Classe.ENDERECO,
        MANUAL,
    ),
    RespostaReal("Yahoo", "BODY", 552, "1 Requested mail action aborted, mailbox not found", Classe.ENDERECO, MANUAL),
    RespostaReal("Yahoo", "RCPT", 550, "relaying denied for <ana@exemplo.com.br>", Classe.AUTENTICACAO, MANUAL),
    RespostaReal(
        "Yahoo",
        "MAIL",
        421,
        "4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to unexpected volume or user complaints -"
        " 4.16.55.1; see https://postmaster.yahooinc.com/error-codes",
        Classe.TAXA,
        MANUAL,
    ),
    RespostaReal(
        "Yahoo", "MAIL", 421, "Max message per connection reached, closing transmission channel", Classe.REDE, MANUAL
    ),
    RespostaReal(
        "Yahoo",
        "MAIL",
        553,
        "5.7.2 [TSS09] All messages from 192.0.2.1 will be permanently deferred; Retrying will NOT succeed. See"
        " https://postmaster.yahooinc.com/error-codes",
        Classe.REMETENTE,
        "Yahoo: SMTP error codes",
    ),
    RespostaReal(
        "Yahoo",
        "BODY",
        550,
        "5.7.9 This mail has been blocked because the sender is unauthenticated. Yahoo requires all senders to"
        " authenticate with either SPF or DKIM.",
        Classe.REMETENTE,
        "Yahoo: SMTP error codes",
    ),
    RespostaReal("Yahoo", "RCPT", 450, "User is receiving mail too quickly", Classe.TEMPORARIO, MANUAL),
    RespostaReal(
        "Yahoo",
        "RCPT",
        451,
        "example.yahoo.com Resources temporarily unavailable. Please try again later [#4.16.1].",
        Classe.TEMPORARIO,
        MANUAL,
    ),
    RespostaReal(
        "Yahoo",
        "BODY",
        554,
        "5.7.9 Message not accepted for policy reasons. See https://postmaster.yahooinc.com/error-codes",
        Classe.MENSAGEM,
        MANUAL,
    ),
    RespostaReal(
        "Sendmail",
        "RCPT",
        550,
        "5.7.1 <ana@exemplo.com.br>... Relaying denied. Proper authentication required.",
        Classe.AUTENTICACAO,
        SENDMAIL,
    ),
    RespostaReal(
        "Sendmail", "RCPT", 550, "5.7.1 <ana@exemplo.com.br>... Relaying denied", Classe.AUTENTICACAO, SENDMAIL
    ),
    RespostaReal(
        "Sendmail",
        "MAIL",
        553,
        "5.1.8 Domain of sender address avisos@exemplo.com.br does not exist",
        Classe.REMETENTE,
        SENDMAIL,
    ),
    RespostaReal(
        "Sendmail",
        "RCPT",
        553,
        "5.1.8 Domain of sender address avisos@exemplo.com.br does not exist",
        Classe.REMETENTE,
        SENDMAIL,
    ),
    RespostaReal(
        "Sendmail",
        "MAIL",
        451,
        "4.1.8 Domain of sender address avisos@exemplo.com.br does not resolve",
        Classe.REMETENTE,
        SENDMAIL,
    ),
    RespostaReal(
        "Sendmail",
        "RCPT",
        550,
        "5.2.1 <ana@exemplo.com.br>... Addressee unknown, relay=[192.0.2.1]",
        Classe.ENDERECO,
        MANUAL,
    ),
    RespostaReal(
        "Cisco",
        "RCPT",
        550,
        "#5.7.1 Your access to submit messages to this e-mail system has been rejected.",
        Classe.REMETENTE,
        ZONEMTA,
    ),
    RespostaReal(
        "Comcast",
        "RCPT",
        554,
        "resimta-po-11v.sys.comcast.net 192.0.2.1 found on one or more DNSBLs, see"
        " http://postmaster.comcast.net/smtp-error-codes.php#BL000010",
        Classe.REMETENTE,
        ZONEMTA,
    ),
    RespostaReal(
        "Spamrl",
        "RCPT",
        550,
        "The sending IP (192.0.2.1) is listed on https://spamrl.com/. Please resolve this and retry.",
        Classe.REMETENTE,
        ZONEMTA,
    ),
    RespostaReal(
        "Hostkarma",
        "RCPT",
        550,
        "Black listed at hostkarma http://ipadmin.junkemailfilter.com/remove.php?ip=192.0.2.1",
        Classe.REMETENTE,
        ZONEMTA,
    ),
    RespostaReal("Spamhaus", "RCPT", 550, "https://www.spamhaus.org/query/ip/192.0.2.1", Classe.REMETENTE, ZONEMTA),
    RespostaReal(
        "qmail",
        "RCPT",
        553,
        "sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)",
        Classe.AUTENTICACAO,
        HOSPEDAGEM,
    ),
    RespostaReal(
        "qmail",
        "RCPT",
        421,
        "you have exceeded your messaging limits (#4.3.0)",
        Classe.COTA,
        "qmail-smtpd.c with relaylimits",
        volta="mes",
    ),
    RespostaReal(
        "GoDaddy",
        "CONNECT",
        554,
        "m1plded01-02.prod.mesa1.secureserver.net : DED : BVtw1l00y12XiNi01 : DED : You've reached your daily"
        " relay quota - 192.0.2.1",
        Classe.COTA,
        HOSPEDAGEM,
        volta="dia",
    ),
    RespostaReal(
        "GoDaddy",
        "CONNECT",
        421,
        "Connection refused, too many sessions from 192.0.2.1. Please lower the number of concurrent sessions. IB007",
        Classe.TAXA,
        MANUAL,
    ),
    RespostaReal(
        "MailHostBox",
        "RCPT",
        550,
        "5.4.5 <ana@exemplo.com.br>: Recipient address rejected: Domain Sending Quota Exceeded",
        Classe.COTA,
        HOSPEDAGEM,
        volta="mes",
    ),
    RespostaReal(
        "Outmail",
        "RCPT",
        554,
        "5.7.1 <ana@exemplo.com.br>: Recipient address rejected: You have exceeded your Outmail quota.",
        Classe.COTA,
        HOSPEDAGEM,
        volta="mes",
    ),
    RespostaReal(
        "Emailit",
        "MAIL",
        452,
        "4.5.3 Daily message limit exceeded",
        Classe.COTA,
        "Emailit: SMTP troubleshooting",
        volta="dia",
    ),
    RespostaReal(
        "Emailit", "MAIL", 452, "4.4.5 Messages per second limit exceeded", Classe.TAXA, "Emailit: SMTP troubleshooting"
    ),
    RespostaReal(
        "Universonet", "MAIL", 452, "Sender is throttled", Classe.TAXA, "Universonet: Quantidade de envio de mensagens"
    ),
    RespostaReal(
        "Universonet", "MAIL", 421, "throttle delay", Classe.TAXA, "Universonet: Quantidade de envio de mensagens"
    ),
    RespostaReal("QQ", "MAIL", 550, "Sender frequency limited.", Classe.TAXA, MANUAL),
    RespostaReal(
        "Zoho",
        "BODY",
        550,
        "5.4.6 Unusual sending activity detected. Learn more: https://www.zoho.com/mail/help/usage-policy.html",
        Classe.REMETENTE,
        HOSPEDAGEM,
    ),
    RespostaReal(
        "Zoho", "RCPT", 552, "5.1.1 <ana@zoho.com> Mailbox delivery failure policy error", Classe.MENSAGEM, MANUAL
    ),
    RespostaReal(
        "Mimecast",
        "RCPT",
        451,
        "Open relay not allowed - https://community.mimecast.com/docs/DOC-1369#451 [#]",
        Classe.AUTENTICACAO,
        MANUAL,
    ),
    RespostaReal("Mimecast", "RCPT", 550, "Envelope blocked - User Entry", Classe.MENSAGEM, MANUAL),
    RespostaReal(
        "Mimecast",
        "RCPT",
        550,
        "csi.mimecast.org Poor Reputation Sender. - https://community.mimecast.com/docs/DOC-1369#550",
        Classe.REMETENTE,
        ZONEMTA,
    ),
    RespostaReal(
        "MessageLabs",
        "RCPT",
        553,
        "you are trying to use me [mx.exemplo.com] as a relay, but I have not been configured to let you"
        " [192.0.2.1, exemplo.com.br] do this. (#5.7.1)",
        Classe.AUTENTICACAO,
        MANUAL,
    ),
    RespostaReal(
        "iCloud",
        "RCPT",
        421,
        "4.7.1 Messages to ana@icloud.com deferred due to excessive volume. Try again later -"
        " https://support.apple.com/en-us/HT204137",
        Classe.TEMPORARIO,
        MANUAL,
    ),
    RespostaReal("iCloud", "RCPT", 552, "5.2.2 <ana@icloud.com>: user is overquota", Classe.CAIXA_CHEIA, MANUAL),
    RespostaReal("iCloud", "RCPT", 550, "5.1.1 <ana@icloud.com>: user does not exist", Classe.ENDERECO, MANUAL),
    RespostaReal(
        "iCloud",
        "BODY",
        550,
        "5.7.1 [CS01] Message rejected due to local policy. Please visit https://support.apple.com/en-us/HT204137",
        Classe.MENSAGEM,
        MANUAL,
    ),
    RespostaReal("Comcast", "RCPT", 452, "4.1.1 <ana@comcast.net> user over quota", Classe.CAIXA_CHEIA, MANUAL),
    RespostaReal(
        "Comcast",
        "RCPT",
        552,
        "5.1.1 <ana@comcast.net> recipient rejected - extended quota violation",
        Classe.CAIXA_CHEIA,
        MANUAL,
    ),
    RespostaReal(
        "Orange",
        "RCPT",
        552,
        "5.1.1 Boite du destinataire pleine. Recipient overquota. OFR_417 [417]",
        Classe.CAIXA_CHEIA,
        MANUAL,
    ),
    RespostaReal(
        "GMX",
        "RCPT",
        552,
        "Requested mail action aborted: exceeded storage allocation Quota exceeded.",
        Classe.CAIXA_CHEIA,
        MANUAL,
    ),
    RespostaReal("GMX", "RCPT", 550, "Requested action not taken: mailbox unavailable", Classe.ENDERECO, MANUAL),
    RespostaReal(
        "Free",
        "RCPT",
        554,
        "5.2.2 <ana@free.fr>: Recipient address rejected: Quota exceeded (mailbox for user is full)",
        Classe.CAIXA_CHEIA,
        MANUAL,
    ),
    RespostaReal("Free", "RCPT", 550, "5.2.2 user quota exceeded", Classe.CAIXA_CHEIA, MANUAL),
    RespostaReal("Free", "RCPT", 550, "spam detected", Classe.MENSAGEM, MANUAL),
    RespostaReal("Free", "RCPT", 550, "virus detected", Classe.MENSAGEM, MANUAL),
    RespostaReal("QQ", "RCPT", 550, "Mail content denied.", Classe.MENSAGEM, MANUAL),
    RespostaReal("Yandex", "RCPT", 552, "5.2.2 Mailbox size limit exceeded", Classe.CAIXA_CHEIA, MANUAL),
    RespostaReal(
        "Yandex",
        "MAIL",
        553,
        "5.7.1 Sender address rejected: not owned by auth user.",
        Classe.REMETENTE,
        "Public issues on smtp.yandex.ru",
    ),
    RespostaReal(
        "Yandex",
        "RCPT",
        450,
        "4.2.1 The recipient has exceeded message rate limit. Try again later.",
        Classe.TEMPORARIO,
        MANUAL,
    ),
    RespostaReal("Yandex", "RCPT", 550, "5.7.1 No such user!", Classe.ENDERECO, MANUAL),
    RespostaReal(
        "Rackspace",
        "RCPT",
        554,
        "5.7.1 avisos@exemplo.com.br: Sender address rejected: Blocked by this recipient (GE)",
        Classe.MENSAGEM,
        MANUAL,
    ),
    RespostaReal(
        "Rackspace",
        "RCPT",
        450,
        "4.2.1 <ana@exemplo.com>: Mailbox received too much email in a short period of time (G30)",
        Classe.TEMPORARIO,
        MANUAL,
    ),
    RespostaReal(
        "Rackspace",
        "RCPT",
        451,
        "4.7.1 Received too many messages from a new or untrusted IP (G28)",
        Classe.TAXA,
        MANUAL,
    ),
    RespostaReal(
        "Rackspace", "RCPT", 450, "4.7.1 Client host 192.0.2.1 has no PTR record (G1F)", Classe.REMETENTE, MANUAL
    ),
    RespostaReal(
        "Rackspace",
        "RCPT",
        450,
        "4.4.0 <ana@exemplo.com> Temporary DMARC DNS lookup failure (G1E)",
        Classe.TEMPORARIO,
        MANUAL,
    ),
    RespostaReal("Rambler", "RCPT", 452, "4.5.3  rate limit exceeded", Classe.TAXA, MANUAL),
    RespostaReal("MXroute", "RCPT", 550, "Authentication Required", Classe.AUTENTICACAO, MANUAL),
    RespostaReal("MXroute", "RCPT", 550, "Unauthenticated mail not allowed from this range", Classe.REMETENTE, MANUAL),
    RespostaReal("MXroute", "RCPT", 550, "Sender verify failed", Classe.REMETENTE, MANUAL),
    RespostaReal("MXroute", "RCPT", 550, "No such recipient here", Classe.ENDERECO, MANUAL),
    RespostaReal(
        "Mail.ru",
        "RCPT",
        550,
        "Message was not accepted -- invalid mailbox. Local mailbox ana@mail.ru is unavailable: account is disabled",
        Classe.ENDERECO,
        MANUAL,
    ),
    RespostaReal(
        "Mail.ru",
        "BODY",
        550,
        "spam message rejected. Please visit http://help.mail.ru/notspam-support/ or report details to"
        " abuse@corp.mail.ru.",
        Classe.MENSAGEM,
        MANUAL,
    ),
)

# Sends one page with Net::SNPP as its manual shows: HOST PORT USER PASSWORD PAGER TEXT.
use strict;
use warnings;
use Net::SNPP;

my ($host, $port, $user, $password, $pager, $text) = @ARGV;
my $snpp = Net::SNPP->new($host, Port => $port, Timeout => 30) or die "no connection: $@";
$snpp->login($user, $password) or die "login: " . $snpp->message;
$snpp->send(Pager => $pager, Message => $text) or die "send: " . $snpp->message;
$snpp->quit;
print "sent\n";

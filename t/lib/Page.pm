# Page: what tests take out of the manual: pieces that are marked in the source by a comment
# in front of them, .\" KIND: TEXT.
package Page;
use strict;
use warnings;
use Cwd qw(abs_path);
use Exporter qw(import);
use File::Basename qw(dirname);
use Program qw(slurp);

our @EXPORT = qw(page_source page_marked page_section fits);
my $man = dirname(abs_path(__FILE__)) . '/../../man';

sub page_source { return slurp("$man/$_[0]") }

# The source of a section.
sub page_section {
	my ($page, $name) = @_;
	my ($text) = (page_source($page) . ".Sh \n") =~ /^\.Sh \Q$name\E\n(.*?)(?=^\.Sh )/ms;
	return $text // '';
}

# What the reader sees of a literal display.
sub _plain {
	my ($text) = @_;
	return $text =~ s/\\&//gr =~ s/\\e/\\/gr =~ s/\\-/-/gr;
}

# [text of the mark, the display behind it] for each mark of the kind.
sub page_marked {
	my ($page, $kind) = @_;
	my @found;
	my $source = page_source($page);
	while ($source =~ /^\.\\" \Q$kind\E: ([^\n]+)\n(?:\.Bd[^\n]*\n(.*?)^\.Ed$|\.Dl ([^\n]+)\n)/gms) {
		my ($what, $display) = ($1, $2 // "$3\n");
		push @found, [$what, _plain($display)];
	}
	return @found;
}

# Does the text look like what the page shows, where "..." stands for anything? Blanks in a
# row count as one.
sub fits {
	my ($text, $shown) = @_;
	my $regex = join '.*?', map { join '\s+', map { quotemeta } split /\s+/, $_, -1 } split /\.\.\./, $shown, -1;
	return $text =~ /\A\s*$regex\s*\z/s;
}

1;
